import { randomUUID } from 'node:crypto';
import type { EventContract, EventEnvelope } from '@infinibay/contracts';
import type { z } from 'zod';
import { currentContext } from '@infinibay/platform-logging';

export interface NewEvent<C extends EventContract> {
  readonly departmentId: string | null;
  readonly resource: { readonly kind: string; readonly id: string };
  readonly data: z.input<C['data']>;
}

/** An event with its envelope; actor, correlation and cause come from the running request. */
export const newEvent = <C extends EventContract>(contract: C, event: NewEvent<C>): EventEnvelope => {
  const context = currentContext();
  return {
    id: randomUUID(),
    name: contract.name,
    version: contract.version,
    occurredAt: new Date().toISOString(),
    departmentId: event.departmentId,
    resource: event.resource,
    actor: context.actor,
    correlationId: context.correlationId,
    causationId: context.causationId,
    data: contract.data.parse(event.data),
  };
};
