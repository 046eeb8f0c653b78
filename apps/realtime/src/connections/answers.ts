import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { runInContext, type Logger } from '@infinibay/platform-logging';
import type { z } from 'zod';
import type { Answer, RealtimeSocket } from '../protocol.js';

export const toDomainError = (error: unknown, logger: Logger): DomainError => {
  if (error instanceof DomainError) return error;
  logger.error({ err: error }, 'a client message failed');
  return new DomainError('INTERNAL');
};

/**
 * Wraps the handler of a client message: asks whether it may come at all, checks its shape, runs it in the client's context and answers with the result
 * or a typed error. A message without an acknowledgement is handled all the same.
 */
export const answering =
  <S extends z.ZodType, T extends object | undefined>(
    socket: RealtimeSocket,
    logger: Logger,
    admit: () => void,
    schema: S,
    handle: (request: z.output<S>) => Promise<T>,
  ) =>
  (request: unknown, answer?: unknown): void => {
    const reply = (result: Answer): void => {
      if (typeof answer === 'function') (answer as (result: Answer) => void)(result);
    };
    const actor = { kind: 'user', id: socket.data.session.actor.userId } as const;
    void runInContext({ correlationId: randomUUID(), causationId: null, actor }, async () => {
      try {
        admit();
        const parsed = schema.safeParse(request);
        if (!parsed.success)
          throw new DomainError('INVALID_INPUT', {
            issues: parsed.error.issues.slice(0, 5).map((issue) => issue.message),
          });
        reply({ ok: true, ...(await handle(parsed.data)) });
      } catch (error) {
        reply({ ok: false, error: toDomainError(error, logger).toWire() });
      }
    });
  };
