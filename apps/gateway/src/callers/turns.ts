import { DomainError } from '@infinibay/contracts';

interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

export interface TurnLimits {
  /** Requests of one caller that run at once. */
  readonly running: number;
  /** Requests of one caller that wait. */
  readonly waiting: number;
}

/**
 * Lets a few requests of each caller run at once and the others of that caller wait: whoever asks much waits for
 * himself, and nobody for him.
 */
export class Turns {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly limits: TurnLimits) {}

  /** Requests that wait for their turn, of all callers. */
  get waiting(): number {
    return [...this.lines.values()].reduce((sum, line) => sum + line.waiting.size, 0);
  }

  /**
   * @returns what gives the turn back, once
   * @throws DomainError RATE_LIMITED when too many wait already, or the signal's reason when it ends first
   */
  async take(caller: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const line = this.lines.get(caller) ?? { running: 0, waiting: new Set() };
    this.lines.set(caller, line);
    if (line.running < this.limits.running) line.running += 1;
    else await this.wait(line, signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.giveBack(caller, line);
    };
  }

  private wait(line: Line, signal: AbortSignal): Promise<void> {
    if (line.waiting.size >= this.limits.waiting)
      throw new DomainError('RATE_LIMITED', { reason: 'too many requests at once', retryAfterSeconds: 1 });
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        line.waiting.delete(begin);
        reject(signal.reason as Error);
      };
      line.waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** The turn goes to the one that waits longest, so `running` stays as it is. */
  private giveBack(caller: string, line: Line): void {
    const [next] = line.waiting;
    if (next !== undefined) {
      line.waiting.delete(next);
      next();
      return;
    }
    line.running -= 1;
    if (line.running === 0) this.lines.delete(caller);
  }
}
