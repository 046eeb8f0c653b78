import { randomUUID } from 'node:crypto';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

const SENDER = 'Infinibay-Sender';
/** Milliseconds that the sender waits from the moment of sending. */
const TIMEOUT = 'Infinibay-Timeout-Ms';
const WALL = 'Infinibay-Clock-Ms';
const MONOTONIC = 'Infinibay-Monotonic-Ms';

const MAX_TIMEOUT_MS = 3_600_000;
const MAX_PEERS = 1_000;
/** The fastest message of this long, and of as long before, is what others are compared with. */
const WINDOW_MS = 30_000;
/** Only messages that came this fast tell the other clock. */
const PROMPT_MS = 100;

/** The clocks of a process. Only the wall clock is meant to agree with that of other machines. */
export interface Clock {
  wallMs(): number;
  monotonicMs(): number;
}

const SYSTEM_CLOCK: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

export type SkewListener = (service: string, instance: string, aheadMs: number) => void;

interface Fastest {
  windowStartedAt: number;
  current: number;
  previous: number;
}

export interface Arrival {
  /** What was left when it was sent; undefined from a sender that says none. */
  readonly timeoutMs: number | undefined;
  /** How much longer it was on its way than the fastest of its sender: in buffers, or while this process stood still. */
  readonly lateMs: number;
}

/**
 * Time between processes whose clocks differ. A deadline travels as what is left of it; what a message loses on its way
 * (a stopped process, a buffer of a broken connection) is told by comparing it with the fastest message of its sender,
 * on clocks that nobody sets.
 */
export class PeerClocks {
  private readonly fastest = new Map<string, Fastest>();
  private readonly sender: string;

  constructor(
    service: string,
    private readonly onSkew: SkewListener = () => undefined,
    private readonly clock: Clock = SYSTEM_CLOCK,
  ) {
    this.sender = `${service}/${randomUUID().slice(0, 8)}`;
  }

  /** Epoch milliseconds of this process. */
  now(): number {
    return this.clock.wallMs();
  }

  /** Headers for a message that leaves now. */
  stamp(timeoutMs?: number): MsgHdrs {
    const stamp = headers();
    stamp.set(SENDER, this.sender);
    stamp.set(WALL, String(Math.round(this.clock.wallMs())));
    stamp.set(MONOTONIC, this.clock.monotonicMs().toFixed(1));
    if (timeoutMs !== undefined) stamp.set(TIMEOUT, String(Math.round(timeoutMs)));
    return stamp;
  }

  /** Call it at once when a message has come. */
  arrived(stamp: MsgHdrs | undefined): Arrival {
    const [sentWall, sentMonotonic, timeoutMs] = [WALL, MONOTONIC, TIMEOUT].map((name) => numberOf(stamp?.get(name)));
    const sender = stamp?.get(SENDER) ?? '';
    if (sender === '' || sentWall === undefined || sentMonotonic === undefined) return { timeoutMs, lateMs: 0 };
    const now = this.clock.monotonicMs();
    const transit = now - sentMonotonic;
    const lateMs = transit - this.fastestOf(sender, transit, now);
    if (lateMs < PROMPT_MS) {
      const [service = '', instance = ''] = sender.split('/');
      this.onSkew(service, instance, sentWall - this.clock.wallMs());
    }
    return { timeoutMs: timeoutMs === undefined ? undefined : Math.min(timeoutMs, MAX_TIMEOUT_MS), lateMs };
  }

  /** A window ends with the first message after its time, not by itself: what comes after a standstill is compared with what came before. */
  private fastestOf(sender: string, transit: number, now: number): number {
    const known = this.fastest.get(sender);
    if (known === undefined) {
      if (this.fastest.size >= MAX_PEERS) this.fastest.clear();
      this.fastest.set(sender, { windowStartedAt: now, current: transit, previous: transit });
      return transit;
    }
    if (now - known.windowStartedAt > WINDOW_MS) {
      known.previous = known.current;
      known.current = transit;
      known.windowStartedAt = now;
    }
    known.current = Math.min(known.current, transit);
    return Math.min(known.current, known.previous);
  }
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d{1,16}(\.\d+)?$/.test(text) ? Number(text) : undefined;
