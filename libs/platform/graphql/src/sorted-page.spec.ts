import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { parseSortedPage, sortedPageInfo, type Sort } from './sorted-page.js';

const BY_NAME: Sort = { field: 'NAME', direction: 'ASC' };
const TEXT = z.string().max(20);
const position = (value: string | number) => ({ value, id: randomUUID() });
const cursorAt = (value: string | number, sort = BY_NAME): string =>
  sortedPageInfo([position(value)], { first: 1, after: undefined }, sort).endCursor ?? '';

describe('a page of a sorted list', () => {
  it('begins at the beginning without a cursor', () => {
    expect(parseSortedPage({ first: 5 }, BY_NAME, TEXT)).toEqual({ first: 5, after: undefined });
    expect(parseSortedPage({ first: 5, after: null }, BY_NAME, TEXT)).toEqual({ first: 5, after: undefined });
  });

  it('goes on after the last position of the page before, whatever is in it', () => {
    for (const value of ['a', 'ä"\\', '京', '', 'x'.repeat(20)]) {
      const last = position(value);
      const { endCursor } = sortedPageInfo([position('0'), last], { first: 2, after: undefined }, BY_NAME);
      expect(parseSortedPage({ first: 2, after: endCursor }, BY_NAME, TEXT).after).toEqual(last);
    }
  });

  it('tells by one position more that there is a next one, and ends before it', () => {
    const positions = [position('a'), position('b'), position('c')];
    const page = { first: 2, after: undefined };
    const info = sortedPageInfo(positions, page, BY_NAME);
    expect(info.hasNextPage).toBe(true);
    expect(parseSortedPage({ first: 2, after: info.endCursor }, BY_NAME, TEXT).after).toEqual(positions[1]);
    expect(sortedPageInfo(positions.slice(0, 2), page, BY_NAME).hasNextPage).toBe(false);
    expect(sortedPageInfo([], page, BY_NAME)).toEqual({ endCursor: null, hasNextPage: false });
  });

  it('has no cursor that could be written in an address and is not', () => {
    expect(cursorAt('?&=/+ä')).toMatch(/^[\w-]+$/);
  });

  const refusal = (after: string, sort = BY_NAME): unknown => {
    try {
      return parseSortedPage({ first: 1, after }, sort, TEXT);
    } catch (error) {
      return error;
    }
  };

  it('refuses the cursor of another field or direction and says so', () => {
    const after = cursorAt('a');
    for (const sort of [
      { field: 'SIZE', direction: 'ASC' },
      { field: 'NAME', direction: 'DESC' },
    ] as const)
      expect(refusal(after, sort)).toMatchObject({
        code: 'INVALID_INPUT',
        details: { field: 'after', reason: 'the cursor is of another sort' },
      });
  });

  it('refuses what is no cursor, and a value that the field cannot have', () => {
    const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const id = randomUUID();
    for (const after of [
      '',
      '\uD800',
      'x'.repeat(10_000),
      text(null),
      text({ length: 4 }),
      text(['NAME', 'ASC', 'a']),
      text(['NAME', 'ASC', 'a', 'no uuid']),
      text(['NAME', 'ASC', 'a', id, 'more']),
      text(['NAME', 'ASC', null, id]),
      text(['NAME', 'ASC', 5, id]),
      text(['NAME', 'ASC', 'x'.repeat(21), id]),
    ])
      expect(refusal(after)).toMatchObject({ code: 'INVALID_INPUT', details: { field: 'after' } });
  });

  it('refuses sizes out of range before it looks at the cursor', () => {
    for (const first of [0, -1, 201]) {
      const sized = () => parseSortedPage({ first, after: 'nonsense' }, BY_NAME, TEXT);
      expect(sized).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
  });
});
