/** Places for work on hosts: bounded in all and for each host, so that a host that hangs holds up no other. */
export interface SlotLimits {
  /** Rows that one instance works on at the same time. */
  readonly atOnce: number;
  /**
   * Rows of one host from which on nothing more of it is taken. They are taken in batches, so that a host that hangs
   * holds less than twice as many places.
   */
  readonly perHost: number;
}

export const DEFAULT_LIMITS: SlotLimits = { atOnce: 64, perHost: 8 };

/** What is being worked on. */
export class WorkSlots {
  private readonly running = new Map<Promise<void>, string>();

  constructor(private readonly limits: SlotLimits) {}

  get size(): number {
    return this.running.size;
  }

  /** How many rows may be taken now. */
  room(): number {
    return Math.max(0, Math.min(this.limits.perHost, this.limits.atOnce - this.running.size));
  }

  /** Hosts of which nothing may be taken now. */
  busyHosts(): string[] {
    const counts = new Map<string, number>();
    for (const host of this.running.values()) counts.set(host, (counts.get(host) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= this.limits.perHost).map(([host]) => host);
  }

  /**
   * @param run never rejects
   * @param onEnd called when it has ended; with true if something could not be taken while it ran
   */
  hold(hostId: string, run: Promise<void>, onEnd: (wasFull: boolean) => void): void {
    const held = run.finally(() => {
      const wasFull = this.room() === 0 || this.busyHosts().length > 0;
      this.running.delete(held);
      onEnd(wasFull);
    });
    this.running.set(held, hostId);
  }

  /** Resolves when all that is being worked on has ended. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.running.keys()]);
  }
}
