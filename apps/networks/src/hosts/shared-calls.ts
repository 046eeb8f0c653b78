import { withoutDeadline } from '@infinibay/platform-logging';

/**
 * Runs work of one key one at a time. Callers that come while it runs share the one run that follows, which sees
 * everything that they had committed before.
 */
export class SharedCalls {
  private readonly running = new Map<string, Promise<void>>();
  private readonly waiting = new Map<string, Promise<void>>();

  run(key: string, work: () => Promise<void>): Promise<void> {
    const running = this.running.get(key);
    if (running === undefined) return this.start(key, work);
    const waiting = this.waiting.get(key);
    if (waiting !== undefined) return waiting;
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.waiting.delete(key);
        return this.start(key, work);
      });
    this.waiting.set(key, next);
    return next;
  }

  private start(key: string, work: () => Promise<void>): Promise<void> {
    const run = withoutDeadline(work).finally(() => {
      if (this.running.get(key) === run) this.running.delete(key);
    });
    this.running.set(key, run);
    return run;
  }
}
