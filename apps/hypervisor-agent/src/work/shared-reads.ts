/** Reads by key: those of one key that come while it is read share the result, and only so many run at once. */
export class SharedReads<T> {
  private readonly byKey = new Map<string, Promise<T>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly atOnce: number) {}

  run(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const result = this.inTurn(read).finally(() => this.byKey.delete(key));
    this.byKey.set(key, result);
    return result;
  }

  private async inTurn(read: () => Promise<T>): Promise<T> {
    if (this.running >= this.atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await read();
    } finally {
      // The place goes to the next in turn as it is, so nobody can take it in between.
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
