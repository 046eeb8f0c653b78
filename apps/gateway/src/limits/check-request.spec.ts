import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@infinibay/contracts';
import { cpuMsOf } from '@infinibay/testing';
import { readListBounds } from '@infinibay/platform-graphql';
import fc from 'fast-check';
import { buildSchema, getIntrospectionQuery } from 'graphql';
import { checkRequest } from './check-request.js';
import { LIMITS } from './limits.js';

const bounds = readListBounds(
  buildSchema(readFileSync(resolve(import.meta.dirname, '../../supergraph.graphql'), 'utf8'), { assumeValid: true }),
);
const outcome = (body: unknown, introspection = true): string => {
  try {
    checkRequest(body, { introspection, bounds });
    return 'accepted';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { limit } = error.details;
    return typeof limit === 'string' ? `${error.code} ${limit}` : error.code;
  }
};
const query = (text: string, variables?: unknown): string => outcome({ query: text, variables });
const repeat = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const nested = (depth: number): string => `{ ${'a { '.repeat(depth - 1)}b${' }'.repeat(depth - 1)} }`;

/** Each fragment spreads the next one twice: 2^levels fields from a few hundred characters. */
const bomb = (levels: number): string =>
  `{ me { ...f0 } } ${repeat(levels, (level) => `fragment f${level} on User { ...f${level + 1} ...f${level + 1} }`)} fragment f${levels} on User { id }`;

describe(checkRequest, () => {
  it('accepts a page of the kind that clients ask for', () => {
    const page = `query Page($first: Int!) { vms(first: $first) { totalCount pageInfo { endCursor hasNextPage } nodes {
      id name state owner { id name } department { id name } host { id } ports { id address network { id name } }
      effectiveFirewallRules { id action } metrics { cpuPercent } operations { id status } } } }`;
    expect(query(page, { first: 20 })).toBe('accepted');
  });

  it('accepts tools that ask for the schema, where introspection is on', () => {
    expect(query(getIntrospectionQuery())).toBe('accepted');
  });

  it('refuses every way to ask for the schema where introspection is off', () => {
    for (const text of [
      '{ __schema { types { name } } }',
      '{ x: __type(name: "User") { name } }',
      '{ ...f } fragment f on Query { __schema { types { name } } }',
      '{ ... { __schema { types { name } } } }',
    ]) {
      expect(outcome({ query: text }, false)).toBe('INVALID_INPUT');
    }
    expect(outcome({ query: '{ me { __typename id } }' }, false)).toBe('accepted');
  });

  it.each([
    ['depth', nested(LIMITS.depth + 1)],
    ['aliases', `{ ${repeat(LIMITS.aliases + 1, (index) => `a${index}: me { id }`)} }`],
    ['rootFields', `{ ${repeat(LIMITS.rootFields + 1, () => 'me { id }')} }`],
    ['directives', `{ me { id ${repeat(LIMITS.directives + 1, () => '@include(if: true)')} } }`],
    ['tokens', `{ ${repeat(LIMITS.tokens, () => 'id')} }`],
    ['tokens', `${'#\n'.repeat(LIMITS.tokens)}{ me { id } }`],
    ['tokens', `{ me { id } }${'#\n'.repeat(LIMITS.tokens)}`],
    ['text', `{ me { id } }${' '.repeat(LIMITS.text)}`],
    ['text', `query ${'q'.repeat(LIMITS.text)} { me { id } }`],
    ['nesting', `{ vm(id: ${'['.repeat(900)}${']'.repeat(900)}) { id } }`],
    ['nesting', `{ vm(id: ${'['.repeat(5_000)}`],
    ['nesting', `query ($id: ${'['.repeat(900)}ID${']'.repeat(900)}) { vm(id: $id) { id } }`],
    ['cost', '{ departments(first: 200) { nodes { members(first: 200) { nodes { id name } } } } }'],
    ['fields', bomb(20)],
    ['fields', bomb(120)],
  ])('refuses a document over the limit of %s', (limit, text) => {
    expect(query(text)).toBe(`QUERY_TOO_COMPLEX ${limit}`);
  });

  it('accepts a document at each limit', () => {
    expect(query(nested(LIMITS.depth))).toBe('accepted');
    expect(query(`{ me { ${repeat(LIMITS.aliases, (index) => `a${index}: id`)} } }`)).toBe('accepted');
    expect(query(`{ ${repeat(LIMITS.rootFields, () => 'me { id }')} }`)).toBe('accepted');
  });

  it('finds depth, aliases and root fields inside fragments', () => {
    expect(query(`{ ...f } fragment f on Query ${nested(LIMITS.depth + 1)}`)).toBe('QUERY_TOO_COMPLEX depth');
    expect(
      query(`mutation { ...f ...f ...f } fragment f on Mutation { ${repeat(12, (index) => `a${index}: logout`)} }`),
    ).toMatch(/^QUERY_TOO_COMPLEX/);
  });

  it('counts list sizes that come as variables', () => {
    const text = 'query ($n: Int) { departments(first: $n) { nodes { members(first: $n) { nodes { id } } } } }';
    expect(query(text, { n: 2 })).toBe('accepted');
    expect(query(text, { n: 200 })).toBe('QUERY_TOO_COMPLEX cost');
    expect(query(text, { n: -1 })).toBe('accepted');
    const withDefault = 'query ($n: Int = 200) { vms(first: $n) { nodes { operations(first: $n) { id } } } }';
    expect(query(withDefault)).toBe('QUERY_TOO_COMPLEX cost');
    expect(query(withDefault, { n: 2 })).toBe('accepted');
  });

  it('counts lists that take no size, however they are nested', () => {
    const networks = (levels: number): string =>
      levels === 0 ? 'id' : `department { networks { ${networks(levels - 1)} } }`;
    const reported = `query ($id: ID!) { department(id: $id) { networks { ${networks(3)} } } }`;
    expect(reported.length).toBeLessThan(200);
    expect(query(reported)).toBe('QUERY_TOO_COMPLEX cost');
    expect(
      query('{ department(id: "x") { firewallRules { department { firewallRules { department { id } } } } } }'),
    ).toBe('QUERY_TOO_COMPLEX cost');
    expect(query('{ vms(first: 200) { nodes { firewall { kernelRules } } } }')).toBe('QUERY_TOO_COMPLEX cost');
    expect(query('{ department(id: "x") { networks { id name cidr } firewallRules { id action } } }')).toBe('accepted');
  });

  it.each([
    [
      'a named fragment',
      '{ vms(first: 200) { ...f } } fragment f on VmConnection { nodes { ...v } } fragment v on Vm { operations(first: 50) { ...o } } fragment o on Operation { id kind }',
    ],
    [
      'an inline fragment',
      '{ vms(first: 200) { ... on VmConnection { nodes { ... { operations(first: 50) { ... on Operation { id kind } } } } } } }',
    ],
    ['aliases', '{ a: vms(first: 200) { b: nodes { c: operations(first: 50) { d: id e: kind } } } }'],
    ['the default of the schema', '{ vms { nodes { operations { steps { name status attempts } } } } }'],
    [
      'a page without its entries asked for by name',
      '{ departments { ...f } } fragment f on DepartmentConnection { nodes { networks { ...n } } } fragment n on Network { ports { nodes { id } } }',
    ],
    [
      'a fragment before the field it is in',
      'fragment f on Department { networks(first: 200) { department { ...g } } } fragment g on Department { networks(first: 200) { id } } { department(id: "x") { ...f } }',
    ],
  ])('counts lists through %s', (_name, text) => {
    expect(query(text)).toBe('QUERY_TOO_COMPLEX cost');
  });

  it('counts a size that is null, absent, a text or no number as the default of the schema', () => {
    const text = (use: string): string =>
      `query ($n: Int) { vms(first: ${use}) { nodes { operations { steps { name status attempts } } } } }`;
    for (const [use, variables] of [
      ['null', {}],
      ['$n', {}],
      ['$n', { n: null }],
      ['$n', { n: '2' }],
      ['$n', { n: Number.NaN }],
      ['"2"', {}],
    ] as const)
      expect(query(text(use), variables)).toBe('QUERY_TOO_COMPLEX cost');
    expect(query(text('$n'), { n: 2 })).toBe('accepted');
  });

  it('refuses the name that the gateway itself uses for a variable', () => {
    expect(
      query('query ($representations: Int) { vms(first: $representations) { totalCount } }', { representations: 1 }),
    ).toBe('INVALID_INPUT');
  });

  it('refuses fragments that contain themselves, directly or in a circle', () => {
    expect(query('{ me { ...a } } fragment a on User { ...a }')).toBe('QUERY_TOO_COMPLEX fragments');
    expect(query('{ me { ...a } } fragment a on User { ...b } fragment b on User { ...a }')).toBe(
      'QUERY_TOO_COMPLEX fragments',
    );
  });

  it('refuses batches, bodies without a query, and text that is no GraphQL', () => {
    expect(outcome([{ query: '{ me { id } }' }])).toBe('QUERY_TOO_COMPLEX batch');
    expect(outcome({ query: 7 })).toBe('INVALID_INPUT');
    expect(outcome(undefined)).toBe('INVALID_INPUT');
    expect(query('{ me {')).toBe('INVALID_INPUT');
    expect(query('{ me { id } }', [])).toBe('INVALID_INPUT');
  });

  it('refuses variables nested deeper than any input, whatever their depth', () => {
    expect(query('{ me { id } }', { input: { name: 'x' } })).toBe('accepted');
    expect(query('{ me { id } }', JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`))).toBe(
      'QUERY_TOO_COMPLEX variableDepth',
    );
  });

  it('takes less than 100 ms of the processor for any text of the largest size, and never fails in another way', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      'me',
      '...f',
      'fragment f on User',
      'a: id',
      '(first: 9)',
      '@x',
      '"',
      '"""',
      '#',
      '\n',
      'query',
      '$v',
      '[',
      ']',
      '\u0000',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 400 }), (pieces) => {
        expect(query(pieces.join(' '))).toMatch(/^(accepted|INVALID_INPUT|QUERY_TOO_COMPLEX)/);
      }),
    );
    for (const text of [
      nested(40_000),
      bomb(5_000),
      '{'.repeat(250_000),
      `{ ${'a:b '.repeat(60_000)} }`,
      `"${'x'.repeat(250_000)}`,
    ]) {
      expect(
        cpuMsOf(() => {
          expect(query(text)).not.toBe('accepted');
        }),
      ).toBeLessThan(100);
    }
  });
});
