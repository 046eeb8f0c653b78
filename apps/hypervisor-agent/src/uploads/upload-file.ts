import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { isMissing } from '../work/missing-file.js';
import { storageError } from '../imports/storage-error.js';

/** Only its owner, until it is whole; a link is not followed. */
const FLAGS = constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;

/** A file that is being uploaded. Its length says how much has come; whether that is right is looked at in the end. */
export class UploadFile {
  private constructor(
    private readonly file: FileHandle,
    private bytesSoFar: number,
  ) {}

  /** @throws DomainError STORAGE_UNAVAILABLE, POOL_FULL */
  static open(path: string): Promise<UploadFile> {
    return storing(async () => {
      const file = await open(path, FLAGS, 0o600);
      try {
        return new UploadFile(file, (await file.stat()).size);
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  /** How much of it has come; 0: nothing was begun. @throws DomainError STORAGE_UNAVAILABLE */
  static bytesOf(path: string): Promise<number> {
    return storing(async () => {
      try {
        return (await stat(path)).size;
      } catch (error) {
        if (isMissing(error)) return 0;
        throw error;
      }
    });
  }

  get bytes(): number {
    return this.bytesSoFar;
  }

  append(chunk: Buffer): Promise<void> {
    return storing(async () => {
      for (let at = 0; at < chunk.length;) {
        const { bytesWritten } = await this.file.write(chunk, at, chunk.length - at, this.bytesSoFar);
        at += bytesWritten;
        this.bytesSoFar += bytesWritten;
      }
    });
  }

  /** What is told to have come survives a power failure. */
  sync(): Promise<void> {
    return storing(() => this.file.sync());
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

const storing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw storageError(error);
  }
};
