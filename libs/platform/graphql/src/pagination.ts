import { ArgsType, Directive, Field, Int, ObjectType } from '@nestjs/graphql';
import { DomainError } from '@infinibay/contracts';

export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 200;

/** The same type in every subgraph, hence shareable. */
@ObjectType({ description: 'Where a page of a list ends' })
@Directive('@shareable')
export class PageInfo {
  @Field(() => String, {
    nullable: true,
    description: 'Pass it as `after` to get the next page; null for an empty page',
  })
  endCursor!: string | null;

  @Field(() => Boolean, { description: 'Whether there is more after this page' })
  hasNextPage!: boolean;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: DEFAULT_PAGE_SIZE, description: `How many, 1 to ${MAX_PAGE_SIZE}` })
  first!: number;

  @Field(() => String, { nullable: true, description: 'The endCursor of the page before; opaque' })
  after?: string | null;
}

/** For a plain list: how much of it. */
@ArgsType()
export class FirstArgs {
  @Field(() => Int, { defaultValue: DEFAULT_PAGE_SIZE, description: `How many at most, 1 to ${MAX_PAGE_SIZE}` })
  first!: number;
}

/** @throws DomainError INVALID_INPUT for a size out of range */
export const parseFirst = ({ first }: FirstArgs): number => {
  if (first < 1 || first > MAX_PAGE_SIZE)
    throw new DomainError('INVALID_INPUT', { field: 'first', minimum: 1, maximum: MAX_PAGE_SIZE });
  return first;
};

/** A page as asked for. `after` is the id of the last row that the client has. */
export interface Page {
  readonly first: number;
  readonly after: string | undefined;
}

const CURSOR = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws DomainError INVALID_INPUT for a size out of range or a cursor that is not ours. */
export const parsePage = ({ first, after }: PageArgs): Page => {
  parseFirst({ first });
  if (after === undefined || after === null) return { first, after: undefined };
  const id = Buffer.from(after, 'base64url').toString('latin1');
  if (!CURSOR.test(id)) throw new DomainError('INVALID_INPUT', { field: 'after' });
  return { first, after: id };
};

export interface Connection<T> {
  readonly nodes: T[];
  readonly totalCount: number;
  readonly pageInfo: PageInfo;
}

/** A connection from rows that were read with `take: page.first + 1`: the extra row only tells that there is more. */
export const connectionOf = <T extends { readonly id: string }>(
  rows: readonly T[],
  page: Page,
  totalCount: number,
): Connection<T> => {
  const nodes = rows.slice(0, page.first);
  const last = nodes.at(-1);
  return {
    nodes,
    totalCount,
    pageInfo: {
      endCursor: last === undefined ? null : Buffer.from(last.id, 'latin1').toString('base64url'),
      hasNextPage: rows.length > page.first,
    },
  };
};
