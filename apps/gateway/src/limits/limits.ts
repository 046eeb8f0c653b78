export const MAX_BODY_BYTES = 262_144;
/** Largest request body, as body-parser writes it. */
export const MAX_BODY = `${String(MAX_BODY_BYTES)}b`;

/** What a document may have at most. The largest of our own pages stays far below each. */
export const LIMITS = {
  /** Characters of the query: what is long belongs into variables, and errors repeat and search the query. */
  text: 32_768,
  /** Comments included: whoever keeps a document keeps them too. */
  tokens: 2_000,
  /** Brackets within brackets, of whatever kind: deeper text would overflow the stack of whoever parses it. */
  nesting: 64,
  depth: 12,
  aliases: 30,
  rootFields: 20,
  directives: 50,
  /** Fields after all fragments are put in their places. */
  fields: 1_000,
  /** Fields times the sizes of the lists that they are in. */
  cost: 20_000,
  /** Nesting of variables. */
  variableDepth: 16,
} as const;

export type Limit = keyof typeof LIMITS;
