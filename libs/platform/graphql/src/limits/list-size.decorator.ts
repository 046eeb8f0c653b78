import { Directive } from '@nestjs/graphql';

/**
 * How many entries a list has at most that takes no `first`, `last` or `limit`. Becomes Apollo's `@listSize` in the
 * schema: the gateway counts the list by it, and the subgraph cuts off what is beyond.
 */
export const ListSize = (assumedSize: number): MethodDecorator & PropertyDecorator =>
  Directive(`@listSize(assumedSize: ${assumedSize})`);

/** What a field costs by itself where that is far more than a read of memory (1). Becomes Apollo's `@cost`. */
export const Cost = (weight: number): MethodDecorator & PropertyDecorator => Directive(`@cost(weight: ${weight})`);
