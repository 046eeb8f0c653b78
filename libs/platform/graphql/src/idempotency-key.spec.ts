import { describe, expect, it } from '@jest/globals';
import { buildSchema, graphql } from 'graphql';
import { withHeaderKeys } from './idempotency-key.js';

const SCHEMA = `
  input Keyed { idempotencyKey: String name: String }
  input Plain { name: String }
  type Query { nothing: Boolean }
  type Mutation { make(input: Keyed!): String  drop(input: Keyed!): String  plain(input: Plain!): String  bare: String }`;

/** What each mutation of a document gets as its key. */
const keysOf = async (document: string, header?: string): Promise<unknown> => {
  const schema = buildSchema(SCHEMA);
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {}))
    field.resolve = (_source, { input }: { input?: { idempotencyKey?: string } }): string =>
      input?.idempotencyKey ?? 'none';
  const contextValue = { graph: { idempotencyKey: header } };
  const { data, errors } = await graphql({ schema: withHeaderKeys(schema), source: document, contextValue });
  return errors?.map(({ originalError }) => (originalError as { code?: string } | undefined)?.code) ?? { ...data };
};

describe(withHeaderKeys, () => {
  it('gives the key of the header to a mutation whose input has none', async () => {
    expect(await keysOf('mutation { make(input: {}) }', 'key-of-header')).toEqual({ make: 'key-of-header' });
    expect(await keysOf('mutation { make(input: { idempotencyKey: null }) }', 'key-of-header')).toEqual({
      make: 'key-of-header',
    });
  });

  it('leaves the key of an input when there is no header, or it is the same', async () => {
    const document = 'mutation { a: make(input: { idempotencyKey: "key-of-input" }) }';
    expect(await keysOf(document)).toEqual({ a: 'key-of-input' });
    expect(await keysOf(document, 'key-of-input')).toEqual({ a: 'key-of-input' });
    expect(await keysOf('mutation { make(input: {}) }')).toEqual({ make: 'none' });
  });

  it('refuses a key of the input that is another one', async () => {
    const document = 'mutation { make(input: { idempotencyKey: "key-of-input" }) }';
    expect(await keysOf(document, 'key-of-header')).toEqual(['IDEMPOTENCY_KEYS_DIFFER']);
  });

  it('gives each alias of a document a key of its own, the same each time', async () => {
    const document = 'mutation { make(input: {}) drop(input: {}) a: make(input: {}) b: make(input: {}) }';
    const expected = { make: 'k1234567', drop: 'k1234567', a: 'k1234567:a', b: 'k1234567:b' };
    expect(await keysOf(document, 'k1234567')).toEqual(expected);
  });

  it('keeps a key with a long alias as long as a key may be', async () => {
    const long = 'k'.repeat(128);
    const { a, b } = (await keysOf('mutation { a: make(input: {}) b: make(input: {}) }', long)) as Record<
      string,
      string
    >;
    expect([a, b].every((key) => /^[\x21-\x7e]{8,128}$/.test(key ?? ''))).toBe(true);
    expect(a).not.toBe(b);
    expect(await keysOf('mutation { a: make(input: {}) }', `${long}k`)).toEqual({ a: `${long}k:a` });
  });

  it('leaves mutations alone that take no key', async () => {
    expect(await keysOf('mutation { plain(input: {}) bare }', 'k1234567')).toEqual({ plain: 'none', bare: 'none' });
  });
});
