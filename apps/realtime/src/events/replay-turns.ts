import { DomainError } from '@infinibay/contracts';

export interface ReplayLimits {
  /** Replays that are made at once, by one user and by this instance. */
  readonly perUser: number;
  readonly atOnce: number;
  /** Replays that may wait for their turn, of one user and of all. */
  readonly waitingPerUser: number;
  readonly waiting: number;
}

interface Waiting {
  readonly userId: string;
  readonly start: () => void;
}

/** Gives turns to replays: a few at once, fewer for one user, and a bounded number that wait. */
export class ReplayTurns {
  private readonly running = new Map<string, number>();
  private readonly queued = new Map<string, number>();
  private waiting: Waiting[] = [];
  private total = 0;

  constructor(private readonly limits: ReplayLimits) {}

  /** @throws DomainError TOO_MANY_ATTEMPTS when too many wait already. */
  async run<T>(userId: string, work: () => Promise<T>): Promise<T> {
    await this.enter(userId);
    try {
      return await work();
    } finally {
      this.leave(userId);
    }
  }

  private async enter(userId: string): Promise<void> {
    if (this.isFree(userId)) {
      this.begin(userId);
      return;
    }
    const ofUser = this.queued.get(userId) ?? 0;
    if (ofUser >= this.limits.waitingPerUser || this.waiting.length >= this.limits.waiting)
      throw new DomainError('TOO_MANY_ATTEMPTS');
    this.queued.set(userId, ofUser + 1);
    await new Promise<void>((start) => this.waiting.push({ userId, start }));
  }

  private isFree(userId: string): boolean {
    return this.total < this.limits.atOnce && (this.running.get(userId) ?? 0) < this.limits.perUser;
  }

  private begin(userId: string): void {
    this.total += 1;
    this.running.set(userId, (this.running.get(userId) ?? 0) + 1);
  }

  /** The place goes to the one that waits longest of those who may have it. */
  private leave(userId: string): void {
    this.total -= 1;
    lower(this.running, userId);
    const next = this.waiting.find((entry) => this.isFree(entry.userId));
    if (next === undefined) return;
    this.waiting = this.waiting.filter((entry) => entry !== next);
    lower(this.queued, next.userId);
    this.begin(next.userId);
    next.start();
  }
}

const lower = (counts: Map<string, number>, key: string): void => {
  const left = (counts.get(key) ?? 1) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
};
