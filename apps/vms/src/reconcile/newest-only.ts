/**
 * Handles one value of a key at a time, and of those that come meanwhile the newest: the others are out of date by then.
 * What somebody tells again and again takes no more than one place, however long handling takes.
 */
export class NewestOnly<T extends object> {
  private readonly underWay = new Set<string>();
  private readonly newest = new Map<string, T>();

  constructor(private readonly handle: (value: T) => Promise<void>) {}

  /** Resolves when this and what came meanwhile is handled, or at once where one of the key is under way. */
  async take(key: string, value: T): Promise<void> {
    if (this.underWay.has(key)) {
      this.newest.set(key, value);
      return;
    }
    this.underWay.add(key);
    const failures: unknown[] = [];
    for (let next: T | undefined = value; next !== undefined; next = this.newestOf(key))
      try {
        await this.handle(next);
      } catch (error) {
        failures.push(error);
      }
    this.underWay.delete(key);
    if (failures.length > 0) throw failures[0];
  }

  private newestOf(key: string): T | undefined {
    const value = this.newest.get(key);
    this.newest.delete(key);
    return value;
  }
}
