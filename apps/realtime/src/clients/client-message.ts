import { DomainError } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import {
  applyDecorators,
  Catch,
  Inject,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { tap, type Observable } from 'rxjs';
import type { z } from 'zod';
import type { RealtimeSocket } from '../connections/realtime-socket.js';
import type { Answer, ClientToServer } from '../protocol.js';
import { toDomainError } from '../connections/answers.js';
import { RateLimit } from '../connections/rate-limit.js';

/** Answers whoever waits for it; a message without an acknowledgement is handled all the same. */
const answer = (host: ArgumentsHost, result: Answer): void => {
  const acknowledge: unknown = host.getArgByIndex<unknown>(2);
  if (typeof acknowledge === 'function') (acknowledge as (result: Answer) => void)(result);
};

/** Enough to subscribe to every VM of a large page at once, on a few tabs. By user: sockets are cheap. */
@Injectable()
export class MessageRateGuard implements CanActivate {
  private readonly limit = new RateLimit({ perSecond: 100, burst: 2_000 });

  canActivate(context: ExecutionContext): boolean {
    const socket = context.getArgByIndex<RealtimeSocket>(0);
    if (!this.limit.take(socket.data.session.actor.userId)) throw new DomainError('TOO_MANY_ATTEMPTS');
    return true;
  }
}

@Injectable()
export class AnswerInterceptor implements NestInterceptor<object | undefined> {
  intercept(context: ExecutionContext, next: CallHandler<object | undefined>): Observable<object | undefined> {
    return next.handle().pipe(
      tap((result) => {
        answer(context, { ok: true, ...result });
      }),
    );
  }
}

@Catch()
export class AnswerFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    answer(host, { ok: false, error: toDomainError(error, this.logger).toWire() });
  }
}

class SchemaPipe implements PipeTransform {
  constructor(private readonly schema: z.ZodType) {}

  transform(value: unknown): unknown {
    const parsed = this.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new DomainError('INVALID_INPUT', {
      issues: parsed.error.issues.slice(0, 5).map((issue) => issue.message),
    });
  }
}

/**
 * The method receives this message of a client, as (socket, what the schema made of it); what it resolves with is added to the
 * answer `{ ok: true }`, what it throws becomes a typed error.
 */
export const ClientMessage = (name: keyof ClientToServer, schema: z.ZodType): MethodDecorator =>
  applyDecorators(
    (target: object, key: string | symbol) => {
      ConnectedSocket()(target, key, 0);
      MessageBody(new SchemaPipe(schema))(target, key, 1);
    },
    SubscribeMessage(name),
    UseGuards(MessageRateGuard),
    UseInterceptors(AnswerInterceptor),
    UseFilters(AnswerFilter),
  );
