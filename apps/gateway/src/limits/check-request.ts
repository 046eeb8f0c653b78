import { DomainError } from '@infinibay/contracts';
import { GraphQLError, Lexer, Source, TokenKind, parse, type DocumentNode } from 'graphql';
import {
  asksForSchema,
  checkDocument,
  type DocumentSize,
  type ListBounds,
  type Variables,
} from '@infinibay/platform-graphql';
import { LIMITS, type Limit } from './limits.js';

export interface CheckOptions {
  /** Whether clients may ask for the schema: not in production. */
  readonly introspection: boolean;
  /** How long the lists of the schema may be. */
  readonly bounds: ListBounds;
}

/**
 * Refuses a GraphQL request that would cost too much, before anything is validated, planned or asked of a subgraph.
 * Takes time in proportion to the request's text.
 * @param body the parsed JSON body
 * @returns how big it is
 * @throws DomainError QUERY_TOO_COMPLEX {limit, maximum} or INVALID_INPUT {reason}
 */
export const checkRequest = (body: unknown, options: CheckOptions): DocumentSize => {
  if (Array.isArray(body)) throw tooComplex('batch', 1);
  if (!isRecord(body) || typeof body['query'] !== 'string') {
    throw new DomainError('INVALID_INPUT', { reason: 'the body must be a JSON object with a query' });
  }
  const variables = variablesOf(body['variables']);
  const document = parseBounded(body['query']);
  if (!options.introspection && asksForSchema(document)) {
    throw new DomainError('INVALID_INPUT', { reason: 'introspection is off' });
  }
  return checkDocument(document, variables, options.bounds, LIMITS);
};

const parseBounded = (query: string): DocumentNode => {
  if (query.length > LIMITS.text) throw tooComplex('text', LIMITS.text);
  try {
    if (isNestedDeeper(query, LIMITS.nesting)) throw tooComplex('nesting', LIMITS.nesting);
    return parse(query, { maxTokens: LIMITS.tokens, noLocation: true });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (error.message.includes('token limit') || error.message.includes('tokens. Parsing aborted')) {
      throw new DomainError('QUERY_TOO_COMPLEX', { limit: 'tokens', maximum: LIMITS.tokens }, { cause: error });
    }
    throw new DomainError(
      'INVALID_INPUT',
      { reason: error.message.slice(0, 300), locations: error.locations ?? [] },
      { cause: error },
    );
  }
};

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Token by token, for the parser calls itself at every bracket. Stops where the parser would stop anyway.
 * @throws DomainError QUERY_TOO_COMPLEX for too many comments, which the parser does not count
 */
const isNestedDeeper = (query: string, maximum: number): boolean => {
  const lexer = new Lexer(new Source(query));
  let depth = 0;
  let comments = 0;
  for (let tokens = 0; tokens <= LIMITS.tokens; tokens += 1) {
    const { kind, prev } = lexer.advance();
    for (let before = prev; before?.kind === TokenKind.COMMENT; before = before.prev) comments += 1;
    if (tokens + comments > LIMITS.tokens) throw tooComplex('tokens', LIMITS.tokens);
    if (kind === TokenKind.EOF) return false;
    if (OPENING.has(kind)) depth += 1;
    else if (CLOSING.has(kind)) depth -= 1;
    if (depth > maximum) return true;
  }
  return false;
};

const variablesOf = (value: unknown): Variables => {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw new DomainError('INVALID_INPUT', { reason: 'variables must be an object' });
  // The gateway's own name for what it asks subgraphs about.
  if ('representations' in value)
    throw new DomainError('INVALID_INPUT', { reason: 'representations is a reserved name' });
  if (isDeeperThan(value, LIMITS.variableDepth)) throw tooComplex('variableDepth', LIMITS.variableDepth);
  return value;
};

/** Level by level, for the depth of hostile JSON would overflow the stack. */
const isDeeperThan = (value: unknown, maximum: number): boolean => {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maximum) return true;
    level = level.flatMap((item): unknown[] => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const tooComplex = (limit: Limit | 'batch', maximum: number): DomainError =>
  new DomainError('QUERY_TOO_COMPLEX', { limit, maximum });
