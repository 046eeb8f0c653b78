import { Uuid } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { z } from 'zod';
import type { RealtimeSocket } from '../connections/realtime-socket.js';
import { EventFeed } from '../events/event.feed.js';
import { EventReplay } from '../events/event.replay.js';
import type { Replay } from '../protocol.js';
import { SampleFeed } from '../samples/sample.feed.js';
import { VmSubscriptions } from '../subscriptions/vm.subscriptions.js';
import { ClientMessage } from './client-message.js';
import { SessionWatch } from '../connections/session-watch.js';
import { SocketHub } from '../connections/socket.hub.js';

const VmRequest = z.object({ vmId: Uuid });
const RefreshRequest = z.object({ token: z.string().max(2_048) });
const ResumeRequest = z.object({ afterSequence: z.int().nonnegative() });

/** Opens the service, feeds first and then clients, and answers what a client may send. */
@WebSocketGateway()
export class ClientGateway implements OnApplicationBootstrap, OnGatewayConnection<RealtimeSocket> {
  constructor(
    private readonly hub: SocketHub,
    private readonly sessions: SessionWatch,
    private readonly subscriptions: VmSubscriptions,
    private readonly replay: EventReplay,
    private readonly events: EventFeed,
    private readonly samples: SampleFeed,
  ) {}

  onApplicationBootstrap(): void {
    this.events.start();
    this.samples.start();
    this.sessions.start();
    this.hub.io.use((socket, next) => {
      this.sessions
        .authorise(socket, () => this.events.untilBegun())
        .then(
          () => {
            next();
          },
          (refusal: unknown) => {
            next(refusal instanceof Error ? refusal : new Error('INTERNAL'));
          },
        );
    });
    this.hub.attach();
  }

  async handleConnection(socket: RealtimeSocket): Promise<void> {
    await this.sessions.admit(socket);
    const { actor, expiresAt } = socket.data.session;
    socket.emit('session', {
      userId: actor.userId,
      role: actor.role,
      departmentIds: actor.departmentIds,
      expiresAt: new Date(expiresAt).toISOString(),
      sequence: this.events.sequence,
    });
  }

  @Authorize()
  @ClientMessage('vm:subscribe', VmRequest)
  subscribe(socket: RealtimeSocket, { vmId }: z.output<typeof VmRequest>): Promise<object | undefined> {
    return this.subscriptions.subscribe(socket, vmId);
  }

  @Authorize()
  @ClientMessage('vm:unsubscribe', VmRequest)
  unsubscribe(socket: RealtimeSocket, { vmId }: z.output<typeof VmRequest>): Promise<object | undefined> {
    return this.subscriptions.unsubscribe(socket, vmId);
  }

  @Authorize()
  @ClientMessage('resume', ResumeRequest)
  resume(socket: RealtimeSocket, { afterSequence }: z.output<typeof ResumeRequest>): Promise<Replay> {
    return this.replay.replay(socket, afterSequence);
  }

  @Authorize()
  @ClientMessage('auth:refresh', RefreshRequest)
  async refresh(
    socket: RealtimeSocket,
    { token }: z.output<typeof RefreshRequest>,
  ): Promise<{ readonly expiresAt: string }> {
    return { expiresAt: new Date(await this.sessions.refresh(socket, token)).toISOString() };
  }
}
