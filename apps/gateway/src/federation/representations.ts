import type { GraphQLDataSourceProcessOptions, RemoteGraphQLDataSource } from '@apollo/gateway';
import { DomainError } from '@infinibay/contracts';
import { distinctRepresentations } from '@infinibay/platform-graphql';

type SubgraphRequest = GraphQLDataSourceProcessOptions['request'];
type Answer = Awaited<ReturnType<RemoteGraphQLDataSource['process']>>;

/**
 * Asks for each entity once, however often the query's plan names it, and gives the answer to all places. Without this
 * a list in a list multiplies what the next subgraph resolves.
 * @throws DomainError QUERY_TOO_COMPLEX for more distinct entities than a subgraph resolves in one call
 */
export const askOnce = async (
  request: SubgraphRequest,
  maximum: number,
  ask: () => Promise<Answer>,
): Promise<Answer> => {
  const given: unknown = request.variables?.['representations'];
  if (!Array.isArray(given)) return ask();
  const { distinct, places } = distinctRepresentations(given);
  if (distinct.length > maximum) throw new DomainError('QUERY_TOO_COMPLEX', { limit: 'representations', maximum });
  if (distinct.length === given.length) return ask();
  request.variables = { ...request.variables, representations: distinct };
  const answer = await ask();
  const entities: unknown = answer.data?.['_entities'];
  return {
    ...answer,
    ...(Array.isArray(entities)
      ? { data: { ...answer.data, _entities: places.map((place) => entities[place] as unknown) } }
      : {}),
    ...(answer.errors === undefined ? {} : { errors: answer.errors.map((error) => atFirstPlace(error, places)) }),
  };
};

/** The plan's paths count places, not distinct entities. */
const atFirstPlace = <E extends { readonly path?: readonly (string | number)[] }>(
  error: E,
  places: readonly number[],
): E => {
  const [field, index, ...rest] = error.path ?? [];
  if (field !== '_entities' || typeof index !== 'number') return error;
  return { ...error, path: [field, places.indexOf(index), ...rest] };
};
