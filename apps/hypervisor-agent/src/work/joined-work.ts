import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@infinibay/contracts';

/** Left for the answer to reach who asked. */
const ANSWER_MS = 1_000;
/** Nobody is kept waiting for longer: who asked looks again, and may have something else to do. */
const LONGEST_WAIT_MS = 5_000;

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Work that takes longer than anybody waits for an answer. */
export class JoinedWork<T> {
  private outcome: Outcome<T> | undefined;
  private readonly settled: Promise<Outcome<T>>;

  constructor(
    readonly name: string,
    work: Promise<T>,
  ) {
    this.settled = work.then(
      (value): Outcome<T> => (this.outcome = { value }),
      (error: unknown): Outcome<T> => (this.outcome = { error }),
    );
  }

  get isUnderWay(): boolean {
    return this.outcome === undefined;
  }

  /**
   * @param until epoch milliseconds
   * @returns undefined when it is still under way
   * @throws what it failed with
   */
  async within(until: number): Promise<{ readonly value: T } | undefined> {
    const leftMs = Math.min(LONGEST_WAIT_MS, Math.max(0, until - ANSWER_MS - Date.now()));
    const waiting = new AbortController();
    const pause = delay(leftMs, undefined, { signal: waiting.signal }).catch(() => undefined);
    const outcome = await Promise.race([this.settled, pause]);
    waiting.abort();
    if (outcome === undefined) return undefined;
    if ('error' in outcome) throw outcome.error;
    return outcome;
  }
}

/**
 * One work at a time for each key, whoever asks for it and however often: who asks again joins it. Whoever is told what
 * became of it ends it; asked for after that it is begun anew.
 */
export class JoinedWorks {
  private readonly works = new Map<string, JoinedWork<unknown>>();
  private beginning = 0;

  /** @param limit of works at the same time; whoever comes then is to ask again */
  constructor(private readonly limit: number) {}

  /** @throws DomainError VM_BUSY while another work of the key is under way */
  requireNoOther(key: string, name: string): void {
    const known = this.works.get(key);
    if (known?.isUnderWay === true && known.name !== name)
      throw new DomainError('VM_BUSY', { vmId: key, reason: `${known.name} is under way` });
  }

  /**
   * @param begin what is to be looked at before, and the work itself
   * @returns undefined when there is no place for it now
   */
  async join<T>(
    key: string,
    name: string,
    begin: () => Promise<{ readonly work: Promise<T> }>,
  ): Promise<JoinedWork<T> | undefined> {
    this.requireNoOther(key, name);
    const known = this.works.get(key);
    // Works of one name are of one kind.
    if (known?.name === name) return known as JoinedWork<T>;
    const underWay = [...this.works.values()].filter((one) => one.isUnderWay).length;
    if (underWay + this.beginning >= this.limit) return undefined;
    // Its place is taken from now on: what is to be looked at before takes its time.
    this.beginning += 1;
    try {
      const joined = new JoinedWork(name, (await begin()).work);
      this.works.set(key, joined);
      return joined;
    } finally {
      this.beginning -= 1;
    }
  }

  isUnderWay(key: string): boolean {
    return this.works.get(key)?.isUnderWay === true;
  }

  /** What became of it is of use to nobody any more. */
  protected forget(key: string): void {
    this.works.delete(key);
  }

  /** @param until epoch milliseconds @returns undefined when it is still under way @throws what it failed with */
  async outcomeOf<T>(key: string, joined: JoinedWork<T>, until: number): Promise<{ readonly value: T } | undefined> {
    try {
      return await joined.within(until);
    } finally {
      if (!joined.isUnderWay && this.works.get(key) === joined) this.works.delete(key);
    }
  }
}
