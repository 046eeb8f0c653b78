import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { EventFeed } from '../events/event.feed.js';
import type { RealtimeSocket } from '../protocol.js';
import { SampleFeed } from '../samples/sample.feed.js';
import { ClientMessages } from './client.messages.js';
import { SessionGuard } from './session.guard.js';
import { SocketHub } from './socket.hub.js';

/** Opens the service: feeds first, then clients. */
@Injectable()
export class ConnectionGateway implements OnApplicationBootstrap {
  constructor(
    private readonly hub: SocketHub,
    private readonly guard: SessionGuard,
    private readonly messages: ClientMessages,
    private readonly events: EventFeed,
    private readonly samples: SampleFeed,
  ) {}

  onApplicationBootstrap(): void {
    this.events.start();
    this.samples.start();
    this.guard.start();
    this.hub.io.use((socket, next) => {
      this.guard.authorise(socket).then(
        () => {
          next();
        },
        (refusal: unknown) => {
          next(refusal instanceof Error ? refusal : new Error('INTERNAL'));
        },
      );
    });
    this.hub.io.on('connection', (socket) => void this.welcome(socket));
    this.hub.attach();
  }

  private async welcome(socket: RealtimeSocket): Promise<void> {
    this.messages.bind(socket);
    await this.guard.admit(socket);
    const { actor, expiresAt } = socket.data.session;
    socket.emit('session', {
      userId: actor.userId,
      role: actor.role,
      departmentIds: actor.departmentIds,
      expiresAt: new Date(expiresAt).toISOString(),
      sequence: this.events.sequence,
    });
  }
}
