import { DomainError, Uuid } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { z } from 'zod';
import { EventReplay } from '../events/event.replay.js';
import type { RealtimeSocket } from '../protocol.js';
import { VmSubscriptions } from '../subscriptions/vm.subscriptions.js';
import { answering } from './answers.js';
import { RateLimit } from './rate-limit.js';
import { SessionGuard } from './session.guard.js';

const VmRequest = z.object({ vmId: Uuid });
const RefreshRequest = z.object({ token: z.string().max(2_048) });
const ResumeRequest = z.object({ afterSequence: z.int().nonnegative() });

/** Connects what a client may send with what answers it. */
@Injectable()
export class ClientMessages {
  /** Enough to subscribe to every VM of a large page at once, on a few tabs. By user: sockets are cheap. */
  private readonly limit = new RateLimit({ perSecond: 100, burst: 2_000 });

  constructor(
    private readonly guard: SessionGuard,
    private readonly subscriptions: VmSubscriptions,
    private readonly events: EventReplay,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  bind(socket: RealtimeSocket): void {
    const admit = (): void => {
      if (!this.limit.take(socket.data.session.actor.userId)) throw new DomainError('TOO_MANY_ATTEMPTS');
    };
    const on = <S extends z.ZodType, T extends object | undefined>(
      schema: S,
      handle: (request: z.output<S>) => Promise<T>,
    ) => answering(socket, this.logger, admit, schema, handle);
    socket.on(
      'vm:subscribe',
      on(VmRequest, ({ vmId }) => this.subscriptions.subscribe(socket, vmId)),
    );
    socket.on(
      'vm:unsubscribe',
      on(VmRequest, ({ vmId }) => this.subscriptions.unsubscribe(socket, vmId)),
    );
    socket.on(
      'resume',
      on(ResumeRequest, ({ afterSequence }) => this.events.replay(socket, afterSequence)),
    );
    socket.on(
      'auth:refresh',
      on(RefreshRequest, async ({ token }) => ({
        expiresAt: new Date(await this.guard.refresh(socket, token)).toISOString(),
      })),
    );
  }
}
