import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as published from '../index.js';
import { CONTRACTS, EVENT_CONTRACTS, REPORT_CONTRACTS, REQUEST_CONTRACTS } from './registry.js';
import { eventSubject, hostNamedIn, reportSubject, requestSubject } from './subjects.js';

/** Every module of messages, e.g. `events/vms.events.ts`. */
const MODULES = ['events', 'reports', 'requests'].flatMap((folder) =>
  readdirSync(new URL(`../${folder}`, import.meta.url))
    .filter((name) => name.endsWith(`.${folder}.ts`))
    .map((name) => `${folder}/${name}`),
);

const isMessage = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'version' in value && 'type' in value;

describe('contract registry', () => {
  it.each(MODULES)('knows the messages of %s, and the package exports them', async (module) => {
    const messages = Object.values((await import(`../${module}`)) as Record<string, unknown>).filter(isMessage);
    expect(messages).not.toEqual([]);
    const registered = new Set<unknown>(CONTRACTS);
    expect(messages.filter((message) => !registered.has(message))).toEqual([]);
    const exported = new Set<unknown>(Object.values(published));
    expect(messages.filter((message) => !exported.has(message))).toEqual([]);
  });

  it('holds every name and version once', () => {
    const keys = CONTRACTS.map((contract) => `${contract.name}@${contract.version}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBeGreaterThan(30);
  });

  it.each(CONTRACTS.map((contract) => [contract.name, contract] as const))(
    '%s: the example fits its schema',
    (_name, contract) => {
      if (contract.type === 'event' || contract.type === 'report') {
        expect(contract.data.safeParse(contract.example).error).toBeUndefined();
      } else {
        expect(contract.request.safeParse(contract.example.request).error).toBeUndefined();
        expect(contract.reply.safeParse(contract.example.reply).error).toBeUndefined();
      }
    },
  );

  it('gives every request a subject of its own', () => {
    const subjects = REQUEST_CONTRACTS.map((contract) => requestSubject(contract, 'h1'));
    expect(new Set(subjects).size).toBe(subjects.length);
  });

  it.each(REQUEST_CONTRACTS.map((contract) => [contract.name, contract] as const))(
    '%s: whoever may call it hears that its owner has started',
    (_name, { owner, callers }) => {
      expect(published.startedReportOf(owner)?.consumers).toEqual(expect.arrayContaining([...callers]));
    },
  );

  it('puts the reports of services where no host has its own', () => {
    expect(reportSubject(published.networksStarted, 'h1')).toBe('infinibay.reports.v1.services.networks-started');
    expect(reportSubject(published.hostStarted, 'h1')).toBe('infinibay.reports.v1.h1.host-started');
    expect(() => reportSubject(published.hostStarted)).toThrow(RangeError);
  });

  it('finds the host that a report names, wherever it does', () => {
    const naming = REPORT_CONTRACTS.filter(({ example }) => JSON.stringify(example).includes('"hostId"'));
    expect(naming.length).toBeGreaterThan(7);
    expect(naming.filter(({ example }) => hostNamedIn(example) === undefined)).toEqual([]);
    expect(hostNamedIn(published.hostStarted.example)).toBeUndefined();
  });

  it('puts the department first in event subjects and refuses tokens that would widen them', () => {
    const [contract] = EVENT_CONTRACTS;
    const event = { name: contract?.name ?? '', departmentId: 'd1', resource: { kind: 'vm', id: 'v1' } };
    expect(eventSubject(event)).toMatch(/^infinibay\.events\.v1\.d1\.vm\.v1\./);
    expect(() => eventSubject({ ...event, departmentId: 'd1.>' })).toThrow(RangeError);
  });
});
