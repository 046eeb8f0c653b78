import type { RealtimeSocket } from './realtime-socket.js';

type EngineSocket = RealtimeSocket['conn'];

interface WebSocketLike {
  readonly bufferedAmount: number;
  terminate(): void;
}

const isWebSocket = (value: unknown): value is WebSocketLike =>
  typeof value === 'object' &&
  value !== null &&
  'bufferedAmount' in value &&
  typeof value.bufferedAmount === 'number' &&
  'terminate' in value &&
  typeof value.terminate === 'function';

const webSocketOf = (connection: EngineSocket): WebSocketLike | undefined => {
  const socket: unknown = Reflect.get(connection.transport, 'socket');
  return isWebSocket(socket) ? socket : undefined;
};

const sizeOf = (data: unknown): number => {
  if (typeof data === 'string') return data.length;
  return data instanceof Uint8Array ? data.byteLength : 0;
};

/** What waits for one connection, in bytes: packets of engine.io, and what its socket could not hand to the kernel yet. */
export class Outbound {
  private queued = 0;

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
    });
    return outbound;
  }

  get waitingBytes(): number {
    return this.queued + (webSocketOf(this.connection)?.bufferedAmount ?? 0);
  }

  /** Ends the connection and frees what waits for it: a polite close would wait behind it. */
  destroy(): void {
    const webSocket = webSocketOf(this.connection);
    this.connection.close(true);
    webSocket?.terminate();
  }
}
