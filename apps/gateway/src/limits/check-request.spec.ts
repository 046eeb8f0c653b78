import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@infinibay/contracts';
import { cpuMsOf } from '@infinibay/testing';
import fc from 'fast-check';
import { getIntrospectionQuery } from 'graphql';
import { checkRequest } from './check-request.js';
import { LIMITS } from './limits.js';

const outcome = (body: unknown, introspection = true): string => {
  try {
    checkRequest(body, { introspection });
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
    expect(query(page, { first: 50 })).toBe('accepted');
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
