import type { GuestSample, WireError } from '@infinibay/contracts';
import { setTimeout as delay } from 'node:timers/promises';
import { PatientDeadline, patience } from '@infinibay/testing';
import { io, type Socket } from 'socket.io-client';
import type { Answer, ClientToServer, Replay, SequencedEvent, ServerToClient, SessionInfo } from '../protocol.js';

interface ConnectOptions {
  readonly transports?: string[];
  readonly extraHeaders?: Record<string, string>;
}

/** A refusal that says nothing of the client: whoever answers for sessions did not answer in time. */
const isPassing = (refusal: unknown): boolean => {
  const { kind } = (refusal as { data?: Partial<WireError> }).data ?? {};
  return kind === 'timeout' || kind === 'unavailable';
};

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

  /**
   * Tries again where the server had no answer in time, as clients do. Rejects with its refusal otherwise: `data` has the
   * error code.
   */
  static async connect(url: string, auth: object, options: ConnectOptions = {}): Promise<TestClient> {
    const deadline = new PatientDeadline(60_000);
    for (;;) {
      try {
        return await TestClient.connectOnce(url, auth, options);
      } catch (error) {
        if (!isPassing(error) || deadline.hasPassed()) throw error;
      }
      await delay(100);
    }
  }

  /** Rejects with the server's refusal, whatever it is. */
  static async connectOnce(url: string, auth: object, options: ConnectOptions = {}): Promise<TestClient> {
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
        socket.on('disconnect', (reason) => {
          reject(Object.assign(new Error(reason), { data: { kind: 'unavailable' } }));
        });
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
