import { describe, expect, it } from '@jest/globals';
import { CONTRACTS, EVENT_CONTRACTS } from '@infinibay/contracts';
import { parse } from 'yaml';
import { z } from 'zod';

import { asyncApi } from './async-api.ts';
import { breaches, publish } from './published-contracts.ts';
import { essence, messagesOf } from './schemas.ts';
import { addressOf } from './subjects.ts';

const references = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
    key === '$ref' && typeof one === 'string' ? [one] : references(one),
  );
};

const resolve = (document: unknown, pointer: string): unknown =>
  pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), document);

describe('the AsyncAPI document', () => {
  const document: unknown = parse(asyncApi(CONTRACTS, '1.0.0'));

  it('has only references that lead somewhere', () => {
    const inner = references(document).filter((reference) => reference.startsWith('#/'));
    expect(inner.length).toBeGreaterThan(CONTRACTS.length);
    expect(inner.filter((reference) => resolve(document, reference) === undefined)).toEqual([]);
  });

  it('has a schema file for every message that it refers to', () => {
    const ids = CONTRACTS.flatMap((contract) => messagesOf(contract).map(({ id }) => `./json-schemas/${id}.json`));
    const outer = references(document).filter((reference) => reference.startsWith('./'));
    expect(outer.filter((reference) => !ids.includes(reference))).toEqual([]);
  });

  it('names the variable parts of every subject', () => {
    for (const contract of CONTRACTS) expect(addressOf(contract).subject).not.toMatch(/[*?]/);
    const [event] = EVENT_CONTRACTS;
    expect(event && addressOf(event).subject).toMatch(/^infinibay\.events\.v1\.\{departmentId\}\..+\.\{resourceId\}\./);
  });
});

describe('a published contract', () => {
  const shape = (schema: z.ZodType) =>
    publish([
      {
        name: 'vm.created',
        version: 1,
        type: 'event',
        address: { subject: 's', parameters: {} },
        messages: [{ id: 'vm.created.v1', title: 't', schema: z.toJSONSchema(schema), example: {} }],
      },
    ]);
  const now = shape(z.object({ description: z.string(), size: z.int() }));

  it('may be described better', () => {
    expect(
      breaches(now, shape(z.object({ size: z.int().describe('In GiB'), description: z.string() }).describe('A VM'))),
    ).toEqual([]);
  });

  it('may not lose or change a field, even one that is called description', () => {
    expect(breaches(now, shape(z.object({ size: z.int() })))).toHaveLength(1);
    expect(breaches(now, shape(z.object({ description: z.int(), size: z.int() })))).toHaveLength(1);
  });

  it('may go only when a newer version is there', () => {
    expect(breaches(now, {})).toEqual(['vm.created@1 is gone although it was published']);
    expect(breaches(now, { 'vm.created@2': 'x' })).toEqual([]);
    expect(breaches({}, now)).toEqual([]);
  });

  it('keeps constants and enumerations in what counts', () => {
    expect(essence({ type: 'string', const: 'title', title: 'T' })).toEqual({ type: 'string', const: 'title' });
  });
});
