import { ServerResponse } from 'node:http';
import type { RealtimeSocket } from './realtime-socket.js';

type EngineSocket = RealtimeSocket['conn'];

/** What `readyState` of a WebSocket is when nothing is left of it. */
const CLOSED = 3;

interface WebSocketLike {
  readonly bufferedAmount: number;
  readonly readyState: number;
  terminate(): void;
}

const isWebSocket = (value: unknown): value is WebSocketLike =>
  typeof value === 'object' &&
  value !== null &&
  'bufferedAmount' in value &&
  typeof value.bufferedAmount === 'number' &&
  'readyState' in value &&
  typeof value.readyState === 'number' &&
  'terminate' in value &&
  typeof value.terminate === 'function';

const webSocketOf = (connection: EngineSocket): WebSocketLike | undefined => {
  const socket: unknown = Reflect.get(connection.transport, 'socket');
  return isWebSocket(socket) ? socket : undefined;
};

/** The answer to the poll that waits, where the connection polls. */
const pollOf = (connection: EngineSocket): ServerResponse | undefined => {
  const response: unknown = Reflect.get(connection.transport, 'res');
  return response instanceof ServerResponse ? response : undefined;
};

const sizeOf = (data: unknown): number => {
  if (typeof data === 'string') return data.length;
  return data instanceof Uint8Array ? data.byteLength : 0;
};

/**
 * What waits for one connection, in bytes: packets of engine.io, and what its socket could not hand to the kernel yet. A
 * client that polls has a TCP connection for each answer if it likes, and engine.io forgets an answer once it is given.
 */
export class Outbound {
  private queued = 0;
  /** Answers to polls that the kernel has not taken whole. */
  private readonly answers = new Set<ServerResponse>();

  private constructor(private readonly connection: EngineSocket) {}

  /** @param onAdded called after each packet that was added. */
  static watch(connection: EngineSocket, onAdded: () => void): Outbound {
    const outbound = new Outbound(connection);
    connection.on('packetCreate', (packet: { data?: unknown }) => {
      outbound.queued += sizeOf(packet.data);
      onAdded();
    });
    connection.on('flush', () => {
      outbound.queued = 0;
      const answer = pollOf(connection);
      if (answer !== undefined) outbound.follow(answer);
    });
    return outbound;
  }

  get waitingBytes(): number {
    return this.queued + (webSocketOf(this.connection)?.bufferedAmount ?? 0) + this.answerBytes;
  }

  /** Whether nothing outlives the connection: no answer to a poll, and no WebSocket whose client does not close it too. */
  get isGone(): boolean {
    return this.answerBytes === 0 && (webSocketOf(this.connection)?.readyState ?? CLOSED) === CLOSED;
  }

  private get answerBytes(): number {
    let bytes = 0;
    for (const answer of this.answers) bytes += answer.writableLength;
    return bytes;
  }

  /** Ends the connection and frees what waits for it: a polite close would wait behind it. */
  destroy(): void {
    const webSocket = webSocketOf(this.connection);
    this.connection.close(true);
    webSocket?.terminate();
    for (const answer of this.answers) answer.destroy();
  }

  private follow(answer: ServerResponse): void {
    const forget = (): void => {
      this.answers.delete(answer);
    };
    this.answers.add(answer);
    answer.once('finish', forget).once('close', forget);
  }
}
