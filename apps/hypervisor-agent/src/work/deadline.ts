import { DomainError } from '@infinibay/contracts';

/** Left for the answer to reach who asked. */
const ANSWER_MS = 250;

/**
 * Until when somebody waits for a request. Ask it right before each change of the host: what is done after the deadline
 * is done behind the back of a caller who may have decided otherwise since.
 */
export class Deadline {
  /** @param at epoch milliseconds, as in the request's envelope */
  constructor(readonly at: number) {}

  /** For what the agent does of itself. */
  static after(ms: number): Deadline {
    return new Deadline(Date.now() + ms + ANSWER_MS);
  }

  /**
   * What a call may take, so that its answer still finds who asked. Each call asks anew: the one before took its part.
   * @param longestMs for calls that never take as long as the deadline may allow
   * @throws DomainError DEADLINE_EXCEEDED when nothing is left
   */
  timeoutMs(longestMs = Number.POSITIVE_INFINITY): number {
    this.check();
    return Math.min(longestMs, this.leftMs());
  }

  /**
   * For a change that takes no `timeoutMs`, such as one of a file.
   * @throws DomainError DEADLINE_EXCEEDED when nothing is left
   */
  check(): void {
    if (this.leftMs() <= 0) throw new DomainError('DEADLINE_EXCEEDED');
  }

  /** Whether more than this is left. */
  leaves(ms: number): boolean {
    return this.leftMs() > ms;
  }

  private leftMs(): number {
    return this.at - ANSWER_MS - Date.now();
  }
}
