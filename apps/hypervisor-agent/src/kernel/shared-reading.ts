/**
 * One reading for all who ask: while one is being made nobody starts another, and a finished one serves for a while.
 * The longer a reading takes, the longer it serves, so that reading never takes more than a third of the time.
 */
export class SharedReading<T> {
  private last: { readonly beganAt: number; readonly endedAt: number; readonly value: T } | undefined;
  private running: { readonly beganAt: number; readonly value: Promise<T> } | undefined;
  private next: Promise<T> | undefined;

  /**
   * @param read makes one reading
   * @param servesMs for how long a reading serves at least
   * @param now a clock in milliseconds that never goes back
   */
  constructor(
    private readonly read: () => Promise<T>,
    private readonly servesMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A reading that may be as old as a reading serves. */
  get(): Promise<T> {
    if (this.last !== undefined && this.now() - this.last.endedAt < this.servingMs())
      return Promise.resolve(this.last.value);
    return this.running?.value ?? this.start();
  }

  /** A reading that begins after this call: it sees what was changed before. Any number of callers share it. */
  getFresh(): Promise<T> {
    if (this.running === undefined) return this.start();
    const after = (): Promise<T> => {
      this.next = undefined;
      return this.running?.value ?? this.start();
    };
    this.next ??= this.running.value.then(after, after);
    return this.next;
  }

  private servingMs(): number {
    return this.last === undefined ? 0 : Math.max(this.servesMs, 2 * (this.last.endedAt - this.last.beganAt));
  }

  private start(): Promise<T> {
    const beganAt = this.now();
    const value = this.read()
      .then((read) => {
        this.last = { beganAt, endedAt: this.now(), value: read };
        return read;
      })
      .finally(() => {
        this.running = undefined;
      });
    this.running = { beganAt, value };
    return value;
  }
}
