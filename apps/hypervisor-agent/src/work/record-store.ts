import { existsSync } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { syncFolder } from './fence-store.js';
import { isMissing } from './missing-file.js';

const FRESH = '.new';

/**
 * One record for each key, in a file of its own: on disk before `keep` resolves, and through a restart of the host. Calls for
 * one key must not overlap.
 */
export class RecordStore<T> {
  constructor(
    private readonly folder: string,
    private readonly schema: z.ZodType<T>,
  ) {}

  /** @throws SyntaxError, ZodError when the record is damaged: to guess would let a broken VM boot */
  async last(key: string): Promise<T | undefined> {
    try {
      return this.schema.parse(JSON.parse(await readFile(this.fileOf(key), 'utf8')));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Written beside and renamed: a crash leaves the old record or the new one. */
  async keep(key: string, record: T): Promise<void> {
    const made = await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.fileOf(key)}${FRESH}`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(record));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.fileOf(key));
    await syncFolder(this.folder);
    if (made !== undefined) await syncFolder(dirname(this.folder));
  }

  /** Of which there are records. */
  async keys(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter((name) => !name.endsWith(FRESH));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async forget(key: string): Promise<void> {
    await rm(this.fileOf(key), { force: true });
    if (existsSync(this.folder)) await syncFolder(this.folder);
  }

  private fileOf(key: string): string {
    return join(this.folder, key);
  }
}
