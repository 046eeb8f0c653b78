import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, Uuid } from '@infinibay/contracts';
import { errnoOf, isMissing } from '../work/missing-file.js';

/** In the folder of disks: tells the storage itself from the empty folder that it is mounted on. */
export const STORAGE_MARK = '.infinibay-storage';
const RECORD = 'storage';
/** Beside the disks: what is on them is to come to a host that has them as well. */
const ANNOUNCEMENT = '.infinibay-arriving-';

/**
 * Which storage this host's disks are on. Marked once, when there is none yet; from then on a folder without the mark is
 * a storage that is away, and nothing is made in it.
 */
export class StorageMark {
  constructor(
    private readonly diskDir: string,
    private readonly stateDir: string,
  ) {}

  /** @throws DomainError STORAGE_UNAVAILABLE */
  async require(): Promise<void> {
    const [record, mark] = await Promise.all([
      readId(join(this.stateDir, RECORD)),
      readId(join(this.diskDir, STORAGE_MARK)),
    ]);
    if (record === undefined) return this.adopt(mark);
    if (mark === record) return;
    throw unavailable(
      mark === undefined
        ? 'The storage of disks is not there (not mounted?): its folder does not carry the mark of this host'
        : 'Another storage than the one of this host is in the place of its disks',
    );
  }

  /** Which it is: two hosts that share it say the same. @throws DomainError STORAGE_UNAVAILABLE */
  async id(): Promise<string> {
    await this.require();
    const id = await readId(join(this.stateDir, RECORD));
    if (id === undefined) throw unavailable('The storage of disks cannot be marked');
    return id;
  }

  /** Why the storage of this host is not in its place; null: it is, or nothing was made on one yet. Marks nothing. */
  async whyAway(): Promise<DomainError | null> {
    try {
      if ((await readId(join(this.stateDir, RECORD))) !== undefined) await this.require();
      return null;
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  }

  /** Who has the same storage finds it; who has a copy of it, with the same mark, does not. */
  async announce(migrationId: string): Promise<void> {
    await writeFile(this.announcementOf(migrationId), '', { mode: 0o600 });
  }

  async isAnnounced(migrationId: string): Promise<boolean> {
    try {
      return (await lstat(this.announcementOf(migrationId))).isFile();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** None is success. */
  async renounce(migrationId: string): Promise<void> {
    await rm(this.announcementOf(migrationId), { force: true });
  }

  private announcementOf(migrationId: string): string {
    return join(this.diskDir, `${ANNOUNCEMENT}${migrationId}`);
  }

  /** The record comes last: a kill before it finds the mark again. */
  private async adopt(mark: string | undefined): Promise<void> {
    if (mark === undefined) {
      await mkdir(this.diskDir, { recursive: true, mode: 0o711 });
      await writeId(this.diskDir, STORAGE_MARK, randomUUID());
    }
    const id = mark ?? (await readId(join(this.diskDir, STORAGE_MARK)));
    if (id === undefined) throw unavailable('The storage of disks cannot be marked');
    await mkdir(this.stateDir, { recursive: true });
    await writeId(this.stateDir, RECORD, id);
  }
}

const unavailable = (message: string, cause?: unknown): DomainError =>
  new DomainError('STORAGE_UNAVAILABLE', {}, { message, cause });

const readId = async (path: string): Promise<string | undefined> => {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (Uuid.safeParse(text).success) return text;
    throw unavailable('The mark of the storage of disks is damaged');
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof DomainError) throw error;
    throw unavailable('The storage of disks cannot be read', error);
  }
};

const writeId = async (folder: string, name: string, id: string): Promise<void> => {
  const fresh = join(folder, `${name}.${randomUUID()}`);
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(id);
    await file.sync();
  } finally {
    await file.close();
  }
  // Not renamed: one that another process has written meanwhile is kept.
  await link(fresh, join(folder, name)).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await rm(fresh);
};
