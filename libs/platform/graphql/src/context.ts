import { DomainError, type Actor } from '@infinibay/contracts';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import DataLoader from 'dataloader';

/** What every resolver of a subgraph can reach. One per request. */
export class GraphContext {
  private readonly loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(
    readonly actor: Actor | null,
    /** Ends when nobody waits for the answer any more; for whatever a resolver does that takes long. */
    readonly signal: AbortSignal,
    /** For mutations whose input has no key. */
    readonly idempotencyKey?: string,
  ) {}

  /** @throws DomainError DEADLINE_EXCEEDED when nobody waits for the answer any more */
  throwIfEnded(): void {
    this.signal.throwIfAborted();
  }

  /** The signed-in actor. @throws DomainError UNAUTHENTICATED */
  requireActor(): Actor {
    if (this.actor === null) throw new DomainError('UNAUTHENTICATED');
    return this.actor;
  }

  /**
   * One DataLoader per name and request. `load` gets distinct ids and answers a map; missing ids become null.
   */
  loader<T>(
    name: string,
    load: (ids: readonly string[], actor: Actor) => Promise<ReadonlyMap<string, T>>,
  ): DataLoader<string, T | null> {
    const existing = this.loaders.get(name);
    if (existing !== undefined) return existing as DataLoader<string, T | null>;
    const loader = new DataLoader<string, T | null>(
      async (ids) => {
        this.throwIfEnded();
        const found = await load(ids, this.requireActor());
        return ids.map((id) => found.get(id) ?? null);
      },
      { maxBatchSize: 500 },
    );
    this.loaders.set(name, loader);
    return loader;
  }
}

const contextOf = (context: ExecutionContext): GraphContext =>
  GqlExecutionContext.create(context).getContext<{ graph: GraphContext }>().graph;

/** The request's GraphContext (for DataLoaders). */
export const Graph = createParamDecorator((_data: unknown, context: ExecutionContext) => contextOf(context));

/** The signed-in actor; refuses the field with UNAUTHENTICATED when there is none. */
export const CurrentActor = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  contextOf(context).requireActor(),
);
