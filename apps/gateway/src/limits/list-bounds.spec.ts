import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readListBounds, undeclaredLists } from '@infinibay/platform-graphql';
import { buildSchema } from 'graphql';

const SUPERGRAPH = readFileSync(resolve(import.meta.dirname, '../../supergraph.graphql'), 'utf8');
const bounds = (sdl: string) => readListBounds(buildSchema(sdl, { assumeValid: true }));

describe(readListBounds, () => {
  it('knows how long each list of the supergraph may be', () => {
    const known = bounds(SUPERGRAPH);
    expect(undeclaredLists(known)).toEqual([]);
    expect(
      [...known.values()].flatMap((fields) => [...fields.values()]).filter(({ list }) => list).length,
    ).toBeGreaterThan(20);
  });

  it('finds a list that nobody bounded, and a connection that is reached without a size', () => {
    const sdl = `type Query { a: [Int!]! b(first: Int = 5): [Int] c: XConnection d(first: Int = 9): YConnection e: [X]! @listSize(assumedSize: 3) }
      type XConnection { nodes: [X!]! } type YConnection { nodes: [X!]! } type X { id: ID }
      directive @listSize(assumedSize: Int) on FIELD_DEFINITION`;
    expect(undeclaredLists(bounds(sdl))).toEqual(['Query.a', 'XConnection.nodes']);
    expect(bounds(sdl).get('Query')?.get('d')).toMatchObject({ size: 9, sizeArgument: 'first' });
    expect(bounds(sdl).get('YConnection')?.get('nodes')?.size).toBe(1);
    expect(bounds(sdl).get('Query')?.get('e')?.size).toBe(3);
  });
});
