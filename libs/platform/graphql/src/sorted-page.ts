import { DomainError, Uuid } from '@infinibay/contracts';
import { z } from 'zod';
import { parseFirst, type PageArgs, type PageInfo } from './pagination.js';

/** What a list is sorted by; rows with the same value stand in the order of their ids. */
export interface Sort<Field extends string = string> {
  readonly field: Field;
  readonly direction: 'ASC' | 'DESC';
}

/** The place of a row in a sorted list. It holds although the row is gone. */
export interface Position {
  /** Of the field that is sorted by. */
  readonly value: string | number;
  readonly id: string;
}

export interface SortedPage {
  readonly first: number;
  /** The last row that the client has. */
  readonly after: Position | undefined;
}

const Cursor = z.tuple([z.string(), z.enum(['ASC', 'DESC']), z.union([z.string(), z.number()]), Uuid]);
/** A cursor of ours has a value of at most some hundred characters. */
const MAX_CURSOR_LENGTH = 2_000;

/**
 * @param value what values of the field look like
 * @throws DomainError INVALID_INPUT {field, …} for a size out of range, a cursor that is not ours, or one of another sort
 */
export const parseSortedPage = (
  { first, after }: PageArgs,
  { field, direction }: Sort,
  value: z.ZodType<string | number>,
): SortedPage => {
  parseFirst({ first });
  if (after === undefined || after === null) return { first, after: undefined };
  const cursor = Cursor.safeParse(decode(after));
  if (!cursor.success) throw new DomainError('INVALID_INPUT', { field: 'after' });
  const [ofField, ofDirection, unchecked, id] = cursor.data;
  if (ofField !== field || ofDirection !== direction)
    throw new DomainError('INVALID_INPUT', { field: 'after', reason: 'the cursor is of another sort' });
  const checked = value.safeParse(unchecked);
  if (!checked.success) throw new DomainError('INVALID_INPUT', { field: 'after' });
  return { first, after: { value: checked.data, id } };
};

const decode = (text: string): unknown => {
  if (text.length > MAX_CURSOR_LENGTH) return null;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
};

const cursorOf = ({ field, direction }: Sort, { value, id }: Position): string =>
  Buffer.from(JSON.stringify([field, direction, value, id]), 'utf8').toString('base64url');

/** A page of which the whole list is counted by a field resolver, when it is asked for. */
export interface CountedLater<T> {
  readonly nodes: T[];
  readonly count: () => Promise<number>;
  readonly pageInfo: PageInfo;
}

/**
 * Where a page ends. `positions` were read with `LIMIT first + 1`: the extra one only tells that there is more.
 */
export const sortedPageInfo = (positions: readonly Position[], page: SortedPage, sort: Sort): PageInfo => {
  const last = positions.slice(0, page.first).at(-1);
  return {
    endCursor: last === undefined ? null : cursorOf(sort, last),
    hasNextPage: positions.length > page.first,
  };
};
