import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { CREATE_VM, IMAGES } from '../demo/queries.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { codeOf } from './probes.ts';
import { RunningSystem } from './running-system.ts';

const VMS = 24;
const KEYS = 50;
const TIMES = 4;
const MORE = 5;
const MADE_MS = patience(300_000);

interface Made {
  readonly createVm: { readonly vm: { readonly id: string } };
}

/** Many VMs on hosts that libvirt's test driver simulates, made by many at once. */
describe('a simulated fleet', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'infinibay-e2e-'));
  let system: RunningSystem;
  let admin: GraphClient;
  let research: DepartmentUnderTest;
  let imageId: string;

  beforeAll(async () => {
    system = await RunningSystem.startFleet(VMS, folder);
    admin = new PatientGraphClient(system.graphqlUrl);
    await admin.login('admin@infinibay.local', system.adminPassword);
    research = await DepartmentUnderTest.create(system, admin, 'Research');
  });
  afterAll(async () => {
    expect(await system.stop()).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  });

  const isMade = async (): Promise<void> => {
    const hasEnded = () => /the fleet is done|FAILED|ended with code/u.test(system.output);
    await pollUntil(hasEnded, { timeoutMs: MADE_MS, intervalMs: 500, what: 'the fleet' });
    expect(system.output).toContain('the fleet is done');
  };
  const count = async (by: GraphClient, filter: object = {}): Promise<number> => {
    const query = 'query ($filter: VmFilter) { vms(first: 1, filter: $filter) { totalCount } }';
    return (await by.ask<{ vms: { totalCount: number } }>(query, { filter })).vms.totalCount;
  };
  /** What the agents say that the test driver has, which forgets all of it with their processes. */
  const runningDomains = async (): Promise<number> => {
    const ports = ['hypervisor-agent', 'hypervisor-agent-2'].map((name) => system.state.ports[name]);
    const texts = await Promise.all(
      ports.map(async (port) => (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()),
    );
    return texts
      .flatMap((text) => /^infinibay_domains\{[^}]*power="running"[^}]*\} (\d+)/mu.exec(text)?.[1] ?? [])
      .reduce((sum, value) => sum + Number(value), 0);
  };
  /** Asked for by the member, at the same moment as others. @returns the id, or why not */
  const create = async (idempotencyKey: string, name: string): Promise<string> => {
    const input = { idempotencyKey, departmentId: research.id, name, imageId };
    const answer = async (): Promise<string | undefined> => {
      let id = '';
      const made = research.member.ask<Made>(CREATE_VM, { input }).then(({ createVm }) => {
        ({ id } = createVm.vm);
      });
      const code = await codeOf(made);
      // One member asks for more than one may: it waits, as a client does.
      if (code === 'RATE_LIMITED') return undefined;
      return code === 'no error' ? id : code;
    };
    return pollUntil(answer, { timeoutMs: MADE_MS, intervalMs: 1_000, what: 'an answer' });
  };

  it('has as many VMs as were asked for, which run, on several hosts, and none of them has drifted', async () => {
    await isMade();
    imageId = (await research.member.ask<{ images: { id: string }[] }>(IMAGES)).images[0]?.id ?? '';
    expect(system.output).toContain(`${String(VMS)} of ${String(VMS)} run`);
    expect(system.output).toContain(`none of ${String(VMS)} VMs has drifted`);
    expect(await count(admin, { states: ['RUNNING'], namePrefix: 'fleet-' })).toBe(VMS);
    const { hosts } = await admin.ask<{ hosts: { id: string; driver: string; online: boolean }[] }>(
      '{ hosts { id driver online } }',
    );
    expect(hosts.map(({ driver, online }) => [driver, online])).toEqual([
      ['TEST', true],
      ['TEST', true],
    ]);
    for (const { id } of hosts) expect(await count(admin, { hostIds: [id] })).toBeGreaterThan(0);
  });

  it('gets one VM for each key, however often and however many at once ask with it', async () => {
    const keys = Array.from({ length: KEYS }, () => randomUUID());
    // Those of one key beside each other: they are in flight at the same moment.
    const answers = await Promise.all(
      keys.map((key, index) => Promise.all(Array.from({ length: TIMES }, () => create(key, `many-${String(index)}`)))),
    );
    for (const ofOne of answers) expect(new Set(ofOne).size).toBe(1);
    expect(new Set(answers.flat()).size).toBe(KEYS);
    expect(await count(research.member)).toBe(KEYS);
    await pollUntil(async () => (await count(research.member, { states: ['RUNNING'] })) === KEYS, {
      timeoutMs: MADE_MS,
      intervalMs: 500,
      what: 'all of them to run',
    });
    expect(await create(keys[0] ?? '', 'another')).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('never gets more than its department may have, however many ask at once', async () => {
    const quota =
      'mutation ($input: SetDepartmentQuotaInput!) { setDepartmentQuota(input: $input) { department { id } } }';
    const input = { idempotencyKey: randomUUID(), departmentId: research.id, vms: KEYS + MORE };
    await admin.ask(quota, { input });
    const answers = await Promise.all(
      Array.from({ length: 4 * MORE }, (_, index) => create(randomUUID(), `beyond-${String(index)}`)),
    );
    expect(answers.filter((answer) => answer === 'QUOTA_EXCEEDED')).toHaveLength(3 * MORE);
    expect(await count(research.member)).toBe(KEYS + MORE);
    const used = 'query ($id: ID!) { department(id: $id) { usage { vms } } }';
    expect(await research.member.ask(used, { id: research.id })).toEqual({
      department: { usage: { vms: KEYS + MORE } },
    });
  });

  it('is there again when it is started again, with all that was made in it, and what more was asked for', async () => {
    expect(await system.interrupt()).toBe(0);
    system = await RunningSystem.startFleet(VMS + 1, folder);
    await isMade();
    expect(system.output).toContain(`none of ${String(VMS + 1)} VMs has drifted`);
    const again = new PatientGraphClient(system.graphqlUrl);
    await again.login(research.account.email, research.account.password);
    await pollUntil(async () => (await runningDomains()) === VMS + 1 + KEYS + MORE, {
      timeoutMs: MADE_MS,
      intervalMs: 500,
      what: 'all of it to run again, as the hosts tell it',
    });
    expect(await count(again, { states: ['RUNNING'] })).toBe(KEYS + MORE);
  });
});
