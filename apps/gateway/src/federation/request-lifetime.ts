import { DomainError } from '@infinibay/contracts';
import type { Response } from 'express';

/** What all subgraphs together may answer to one request. */
export const MAX_ANSWER_BYTES = 16 * 1_048_576;

/** How long one request of a client is worked for, and how much its subgraphs may answer. */
export class RequestLifetime {
  private readonly controller = new AbortController();
  private readonly endsAt: number;
  private readonly timer: NodeJS.Timeout;
  private received = 0;

  constructor(timeoutMs: number, response: Response) {
    this.endsAt = performance.now() + timeoutMs;
    this.timer = setTimeout(() => {
      this.controller.abort(new DomainError('DEADLINE_EXCEEDED'));
    }, timeoutMs);
    this.timer.unref();
    response.once('close', () => {
      clearTimeout(this.timer);
      if (!response.writableFinished)
        this.controller.abort(new DomainError('DEADLINE_EXCEEDED', { reason: 'the client went away' }));
    });
  }

  /** Aborted at the deadline and when the client goes away; the reason is a DomainError. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  remainingMs(): number {
    return Math.max(0, Math.round(this.endsAt - performance.now()));
  }

  /** @throws DomainError QUERY_TOO_COMPLEX when the subgraphs answered more than one request may hold */
  receive(bytes: number): void {
    this.received += bytes;
    if (this.received > MAX_ANSWER_BYTES)
      throw new DomainError('QUERY_TOO_COMPLEX', { limit: 'answerBytes', maximum: MAX_ANSWER_BYTES });
  }
}
