import { randomUUID } from 'node:crypto';
import { runInContext } from '@infinibay/platform-logging';
import type { INestApplication, WebSocketAdapter } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { RealtimeServer, RealtimeSocket } from './realtime-socket.js';
import { SocketHub } from './socket.hub.js';

interface MessageHandler {
  readonly message: string;
  /** With what the client sent and, where it waits for one, the function that answers. */
  readonly callback: (...args: unknown[]) => unknown;
}

/** Nest's gateways on the socket.io server of {@link SocketHub}, which bounds what a connection may cost before Nest sees it. */
class SocketAdapter implements WebSocketAdapter<RealtimeServer, RealtimeSocket> {
  constructor(private readonly hub: SocketHub) {}

  create(): RealtimeServer {
    return this.hub.io;
  }

  bindClientConnect(server: RealtimeServer, welcome: (socket: RealtimeSocket) => void): void {
    server.on('connection', welcome);
  }

  bindClientDisconnect(socket: RealtimeSocket, leave: () => void): void {
    socket.on('disconnect', leave);
  }

  /** Each message runs in a context of its own, for the user of the connection. */
  bindMessageHandlers(
    socket: RealtimeSocket,
    handlers: readonly MessageHandler[],
    transform: (result: unknown) => Observable<unknown>,
  ): void {
    for (const { message, callback } of handlers)
      (socket as Listener).on(message, (data, answer) => {
        const actor = { kind: 'user', id: socket.data.session.actor.userId } as const;
        runInContext({ correlationId: randomUUID(), causationId: null, actor }, () => {
          transform(callback(data, answer)).subscribe();
        });
      });
  }

  /** The hub closes its transports itself, in its own phase of a shutdown. */
  close(): void {
    /* see above */
  }

  /** Nest calls it, though its interface does not name it. */
  dispose(): void {
    /* nothing is held here */
  }
}

/** socket.io knows the messages by name; Nest's handlers come with theirs. */
interface Listener {
  on(message: string, listener: (data: unknown, answer: unknown) => void): unknown;
}

/** To be called before the application is initialised. */
export const useClientSockets = (app: INestApplication): void => {
  app.useWebSocketAdapter(new SocketAdapter(app.get(SocketHub)));
};
