import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './missing-file.js';

const KEY = /^[0-9a-f-]{36}$/;

/**
 * The highest number seen for each key, in one file a key, so that a restart doesn't forget. A number is on disk before
 * `raise` resolves. Calls for one key must not overlap; see KeyedQueue.
 */
export class HighestSeen {
  private readonly known = new Map<string, number>();

  constructor(private readonly folder: string) {}

  /** @returns -1 when none was seen */
  async get(key: string): Promise<number> {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const stored = await this.read(key);
    this.known.set(key, stored);
    return stored;
  }

  /** Remembers a number that is higher than the one known; a lower one changes nothing. */
  async raise(key: string, value: number): Promise<void> {
    if (value <= (await this.get(key))) return;
    await this.write(key, value);
    this.known.set(key, value);
  }

  async forget(key: string): Promise<void> {
    await rm(this.fileOf(key), { force: true });
    this.known.delete(key);
  }

  private async read(key: string): Promise<number> {
    try {
      const value = Number(await readFile(this.fileOf(key), 'utf8'));
      if (!Number.isSafeInteger(value)) throw new RangeError(`${this.fileOf(key)} does not hold a number`);
      return value;
    } catch (error) {
      if (isMissing(error)) return -1;
      throw error;
    }
  }

  /** Written beside and renamed: a crash leaves the old number or the new one. */
  private async write(key: string, value: number): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.fileOf(key)}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(String(value));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.fileOf(key));
  }

  private fileOf(key: string): string {
    if (!KEY.test(key)) throw new RangeError(`not an id: ${JSON.stringify(key)}`);
    return join(this.folder, key);
  }
}
