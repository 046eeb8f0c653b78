import { z } from 'zod';
import { Uuid } from '../model/scalars.js';

/** Who caused a message: a person, or a service acting on its own. */
export const ActorRef = z
  .object({
    kind: z.enum(['user', 'service']),
    id: z.string().min(1).max(128).describe('User id, or the name of the service'),
  })
  .meta({ id: 'ActorRef', description: 'Who caused the message' });
export type ActorRef = z.infer<typeof ActorRef>;

export const ResourceRef = z
  .object({ kind: z.string().min(1).max(64), id: z.string().min(1).max(128) })
  .meta({ id: 'ResourceRef', description: 'The resource that the message is about' });
export type ResourceRef = z.infer<typeof ResourceRef>;

/** Tenant token in event subjects for facts that belong to no department. */
export const NO_DEPARTMENT = 'global';

/** What every event carries around its data. `id` is the deduplication key. */
export const EventEnvelope = z
  .object({
    id: Uuid,
    name: z.string(),
    version: z.int().positive(),
    occurredAt: z.iso.datetime().describe('RFC 3339, UTC'),
    departmentId: Uuid.nullable().describe('null for facts that belong to no department'),
    resource: ResourceRef,
    actor: ActorRef,
    correlationId: z.string().min(1).max(128).describe('Shared by all that one request caused'),
    causationId: z.string().min(1).max(128).nullable().describe('The message that caused this one'),
    data: z.unknown(),
  })
  .meta({ id: 'EventEnvelope', description: 'What every event carries around its data' });
export type EventEnvelope<TData = unknown> = Omit<z.infer<typeof EventEnvelope>, 'data'> & {
  data: TData;
};

/** What every request over NATS carries around its data. */
export const RequestEnvelope = z
  .object({
    id: Uuid,
    name: z.string(),
    version: z.int().positive(),
    correlationId: z.string().min(1).max(128),
    deadline: z
      .int()
      .positive()
      .describe(
        'Epoch milliseconds of the sender after which the answer is of no use; where clocks may differ the header Infinibay-Timeout-Ms, what was left at sending, counts instead',
      ),
    actor: ActorRef,
    data: z.unknown(),
  })
  .meta({ id: 'RequestEnvelope', description: 'What every command and query carries around its data' });
export type RequestEnvelope = z.infer<typeof RequestEnvelope>;

export const WireError = z
  .object({
    code: z.string().max(64),
    kind: z.string().max(32),
    message: z.string().max(2_000),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'WireError', description: 'A failure as it crosses a process boundary' });
export type WireError = z.infer<typeof WireError>;

export const ReplyEnvelope = z
  .discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), data: z.unknown() }),
    z.object({ ok: z.literal(false), error: WireError }),
  ])
  .meta({ id: 'ReplyEnvelope', description: 'The answer to a command or query' });
export type ReplyEnvelope = z.infer<typeof ReplyEnvelope>;
