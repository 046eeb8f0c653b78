import { connect, type Socket } from 'node:net';
import { decodeFrame, type FrameRefusal, type GuestMessage } from '../frames/frame-decoder.js';
import type { LineMemory } from '../frames/line-memory.js';
import { LineReader, type LineRefusal } from '../frames/line-reader.js';
import { TokenBucket } from '../limits/token-bucket.js';
import type { TurnQueue, TurnTaker } from './turn-queue.js';

const READ_BUFFER_BYTES = 16_384;
const FRAMES_PER_TURN = 4;
/** Skipping a byte of a line that is too long costs this part of reading one. */
const SKIP_COST = 1 / 64;
const MAX_UNSENT_BYTES = 65_536;
/** A line of 4 MiB takes some 15 s at the default budget. */
const MAX_LINE_CHECKS = 60;
const MIN_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

export interface GuestLimits {
  readonly framesPerSecond: number;
  readonly framesBurst: number;
  readonly bytesPerSecond: number;
}

/** What a connection tells. Nothing here may throw. */
export interface GuestListener {
  onConnected(): void;
  onDisconnected(): void;
  onMessage(message: GuestMessage): void;
  onRefused(reason: FrameRefusal | LineRefusal): void;
  onSkipped(bytes: number): void;
  onPaused(budget: 'frames' | 'bytes'): void;
}

/**
 * Reads one guest's socket for as long as it exists, connecting again with back-off. QEMU listens on it, whether or not
 * an agent runs in the guest. A guest that sends more than its budget is not read for a while: the pressure goes back
 * through QEMU into the guest, and memory here stays at one buffer and one line, whose length all guests share.
 */
export class GuestConnection implements TurnTaker {
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  private readonly lines: LineReader;
  private readonly frames: TokenBucket;
  private readonly bytes: TokenBucket;
  private socket: Socket | undefined;
  /** Until when nothing is read, and until the next attempt to connect: neither may put the other off. */
  private pause: NodeJS.Timeout | undefined;
  private reopening: NodeJS.Timeout | undefined;
  private retryMs = MIN_RETRY_MS;
  private chunkBytes = 0;
  private skippedBefore = 0;
  private borrowingFor = 0;
  private closed = false;

  /** @param now monotonic clock of the budgets, milliseconds */
  constructor(
    private readonly path: string,
    limits: GuestLimits,
    private readonly turns: TurnQueue,
    private readonly listener: GuestListener,
    memory: LineMemory,
    now?: () => number,
  ) {
    this.lines = new LineReader(memory);
    this.frames = new TokenBucket(limits.framesPerSecond, limits.framesBurst, now);
    this.bytes = new TokenBucket(limits.bytesPerSecond, 2 * limits.bytesPerSecond, now);
  }

  open(): void {
    if (this.closed) return;
    let connected = false;
    const socket = connect({
      path: this.path,
      onread: {
        buffer: this.buffer,
        callback: (length) => {
          this.receive(length);
          // Reading goes on when the chunk is used up: see takeTurn().
          return false;
        },
      },
    });
    this.socket = socket;
    socket.on('connect', () => {
      connected = true;
      this.listener.onConnected();
    });
    // 'close' follows and does what there is to do.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (connected) this.listener.onDisconnected();
      this.reopenLater();
    });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.pause);
    clearTimeout(this.reopening);
    this.socket?.destroy();
  }

  /** Sends one line to the guest; left out when the guest does not read. */
  send(message: object): void {
    const { socket } = this;
    if (socket === undefined || !socket.writable || socket.writableLength > MAX_UNSENT_BYTES) return;
    socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Called about once a second: a long line that does not end holds what other guests may need. */
  expire(): void {
    this.borrowingFor = this.lines.isBorrowing ? this.borrowingFor + 1 : 0;
    if (this.borrowingFor < MAX_LINE_CHECKS) return;
    this.borrowingFor = 0;
    this.lines.abandon();
  }

  takeTurn(): boolean {
    // The connection may have ended while its turn came.
    if (this.closed || this.socket === undefined) return false;
    for (let taken = 0; taken < FRAMES_PER_TURN; taken += 1) {
      const waitMs = this.frames.waitMs();
      if (waitMs > 0) {
        this.listener.onPaused('frames');
        this.pauseFor(waitMs, () => {
          this.turns.submit(this);
        });
        return false;
      }
      const event = this.lines.next();
      if (event === undefined) {
        this.readOn();
        return false;
      }
      this.frames.withdraw(1);
      if (event.kind === 'line') this.decode(event.bytes);
      else this.listener.onRefused(event.kind);
    }
    return true;
  }

  private receive(length: number): void {
    this.chunkBytes = length;
    this.lines.feed(this.buffer.subarray(0, length));
    this.turns.submit(this);
  }

  private decode(line: Buffer): void {
    const frame = decodeFrame(line);
    if (!frame.ok) {
      this.listener.onRefused(frame.refusal);
      return;
    }
    this.retryMs = MIN_RETRY_MS;
    this.listener.onMessage(frame.message);
  }

  /** The chunk is used up: pays for it and reads the next one as soon as the budget allows. */
  private readOn(): void {
    const skipped = this.lines.skippedBytes - this.skippedBefore;
    this.skippedBefore = this.lines.skippedBytes;
    if (skipped > 0) this.listener.onSkipped(skipped);
    this.bytes.withdraw(Math.max(0, this.chunkBytes - skipped) + skipped * SKIP_COST);
    this.chunkBytes = 0;
    const waitMs = this.bytes.waitMs();
    if (waitMs === 0) {
      this.socket?.resume();
      return;
    }
    this.listener.onPaused('bytes');
    this.pauseFor(waitMs, () => {
      this.socket?.resume();
    });
  }

  private reopenLater(): void {
    this.socket = undefined;
    this.lines.reset();
    clearTimeout(this.pause);
    if (this.closed) return;
    this.reopening = setTimeout(() => {
      this.open();
    }, this.retryMs);
    this.retryMs = Math.min(MAX_RETRY_MS, this.retryMs * 2);
  }

  private pauseFor(delayMs: number, action: () => void): void {
    clearTimeout(this.pause);
    this.pause = setTimeout(action, delayMs);
  }
}
