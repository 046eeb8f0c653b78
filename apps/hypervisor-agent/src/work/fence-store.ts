import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from './missing-file.js';

const KEY = /^[0-9a-f-]{36}$/;
const NUMBER = /^\d+$/;
const LONGEST_SHOWN = 40;

/**
 * The highest number seen for each key, in one file a key, so that a restart doesn't forget. A number is on disk before
 * `raise` resolves. Calls for one key must not overlap; see KeyedQueue.
 */
export class FenceStore {
  private readonly known = new Map<string, number>();

  constructor(private readonly folder: string) {}

  /**
   * @returns -1 when none was seen
   * @throws DamagedNumberError when the file holds something else than a number: to guess would let old work in
   */
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

  /** Every key that a number was seen for. */
  async keys(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter((name) => KEY.test(name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  private async read(key: string): Promise<number> {
    try {
      return numberIn(await readFile(this.fileOf(key), 'utf8'), this.fileOf(key));
    } catch (error) {
      if (isMissing(error)) return -1;
      throw error;
    }
  }

  /** Written beside and renamed: a crash leaves the old number or the new one. */
  private async write(key: string, value: number): Promise<void> {
    const made = await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.fileOf(key)}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(String(value));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.fileOf(key));
    // Names are the folder's content: without this a power failure may bring the old number back.
    await syncFolder(this.folder);
    if (made !== undefined) await syncFolder(dirname(this.folder));
  }

  private fileOf(key: string): string {
    if (!KEY.test(key)) throw new RangeError(`not an id: ${JSON.stringify(key)}`);
    return join(this.folder, key);
  }
}

/** Answered as INTERNAL, and so logged in full by the request server: an operator must look at the file. */
export class DamagedNumberError extends Error {
  override readonly name = 'DamagedNumberError';

  constructor(file: string, text: string) {
    super(`${file} is damaged: it must hold a number and holds ${JSON.stringify(text.slice(0, LONGEST_SHOWN))}`);
  }
}

const numberIn = (text: string, file: string): number => {
  const value = Number(text);
  if (!NUMBER.test(text) || !Number.isSafeInteger(value)) throw new DamagedNumberError(file, text);
  return value;
};

/** Names are a folder's content: without this a power failure may bring the old ones back. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
