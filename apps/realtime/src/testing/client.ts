import type { GuestSample } from '@infinibay/contracts';
import { patience } from '@infinibay/testing';
import { io, type Socket } from 'socket.io-client';
import type { Answer, ClientToServer, Replay, SequencedEvent, ServerToClient, SessionInfo } from '../protocol.js';

/** A real socket.io client that remembers all that it hears. */
export class TestClient {
  readonly events: SequencedEvent[] = [];
  readonly samples: GuestSample[] = [];
  readonly ended: string[] = [];
  readonly unsubscribed: string[] = [];

  private constructor(
    readonly socket: Socket<ServerToClient, ClientToServer>,
    readonly session: SessionInfo,
  ) {
    socket.on('event', (event) => this.events.push(event));
    socket.on('metrics', (sample) => this.samples.push(sample));
    socket.on('session:ended', ({ code }) => this.ended.push(code));
    socket.on('vm:unsubscribed', ({ vmId }) => this.unsubscribed.push(vmId));
  }

  /** Rejects with the server's refusal: its `data` has the error code. */
  static async connect(
    url: string,
    auth: object,
    options: { transports?: string[]; extraHeaders?: Record<string, string> } = {},
  ): Promise<TestClient> {
    const socket: Socket<ServerToClient, ClientToServer> = io(url, {
      auth,
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      ...options,
    });
    try {
      const session = await new Promise<SessionInfo>((resolve, reject) => {
        socket.on('session', resolve);
        socket.on('connect_error', reject);
      });
      return new TestClient(socket, session);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  subscribe(vmId: string): Promise<Answer> {
    return this.socket.timeout(patience(10_000)).emitWithAck('vm:subscribe', { vmId });
  }

  resume(afterSequence: number): Promise<Answer<Replay>> {
    return this.socket.timeout(patience(10_000)).emitWithAck('resume', { afterSequence });
  }

  /** Sends something that is no message of the protocol. */
  sendAnything(name: string, payload: unknown): Promise<Answer> {
    const untyped: Socket = this.socket;
    return untyped.timeout(patience(10_000)).emitWithAck(name, payload) as Promise<Answer>;
  }
}
