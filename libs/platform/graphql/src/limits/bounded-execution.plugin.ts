import type { ApolloServerPlugin } from '@apollo/server';
import { DomainError } from '@infinibay/contracts';
import { warnSeldom, type Logger } from '@infinibay/platform-logging';
import { GraphQLError, defaultFieldResolver, isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import type { GraphContext } from '../context.js';
import { checkDocument, type DocumentLimits } from './check-document.js';
import { distinctRepresentations } from './distinct-representations.js';
import { ENTITIES_FIELD, assumedSizeOf, readListBounds, type ListBounds } from './list-bounds.js';
import { MAX_REPRESENTATIONS } from './subgraph-limits.js';

interface BoundedContext {
  readonly graph: GraphContext;
}
type BoundedField = GraphQLField<unknown, BoundedContext>;

/**
 * Keeps every subgraph within bounds, whoever asks: the document is measured before it runs, no field begins when nobody
 * waits any more, a list is no longer than its `@ListSize`, and equal entities are resolved once.
 */
export const boundedExecutionPlugin = (limits: DocumentLimits, logger: Logger): ApolloServerPlugin<BoundedContext> => {
  let bounds: ListBounds = new Map();
  return {
    serverWillStart: ({ schema }) => {
      boundFields(schema, logger);
      bounds = readListBounds(schema);
      return Promise.resolve();
    },
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ document, request }) => {
          refusing(() => checkDocument(document, request.variables ?? {}, bounds, limits));
          return Promise.resolve();
        },
      }),
  };
};

/** Apollo answers a GraphQLError of a hook as it is and takes any other error for its own. */
const refusing = (check: () => void): void => {
  try {
    check();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new GraphQLError(error.message, { originalError: error, extensions: { code: error.code } });
  }
};

const boundFields = (schema: GraphQLSchema, logger: Logger): void => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields()) as BoundedField[]) {
      if (field.name === ENTITIES_FIELD) resolveDistinctEntities(field);
      const most = assumedSizeOf(field);
      if (most !== undefined) cutAt(field, most, `${type.name}.${field.name}`, logger);
      // A field without a resolver reads a property of what is there already.
      if (field.resolve !== undefined) beginInTime(field, field.resolve);
    }
  }
};

const beginInTime = (field: BoundedField, resolve: NonNullable<BoundedField['resolve']>): void => {
  field.resolve = (source, args, context, info): unknown => {
    context.graph.throwIfEnded();
    return resolve(source, args, context, info);
  };
};

const cutAt = (field: BoundedField, most: number, name: string, logger: Logger): void => {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = async (source, args, context, info): Promise<unknown> => {
    const list: unknown = await resolve(source, args, context, info);
    if (!Array.isArray(list) || list.length <= most) return list;
    warnSeldom(logger, `a list is longer than its declared bound: ${name}`, { length: list.length, most });
    return list.slice(0, most) as unknown[];
  };
};

/** @throws DomainError QUERY_TOO_COMPLEX for more distinct entities than one call may ask for */
const resolveDistinctEntities = (field: BoundedField): void => {
  const { resolve } = field;
  if (resolve === undefined) return;
  field.resolve = async (source, args: { representations: readonly unknown[] }, context, info): Promise<unknown> => {
    const { distinct, places } = distinctRepresentations(args.representations);
    if (distinct.length > MAX_REPRESENTATIONS)
      throw new DomainError('QUERY_TOO_COMPLEX', { limit: 'representations', maximum: MAX_REPRESENTATIONS });
    const entities: unknown = await resolve(source, { ...args, representations: distinct }, context, info);
    return Array.isArray(entities) ? places.map((place) => entities[place] as unknown) : entities;
  };
};
