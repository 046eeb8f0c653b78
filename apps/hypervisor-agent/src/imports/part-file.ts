import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { storageError } from './storage-error.js';

const READ_BYTES = 1_048_576;

/** A file that is being fetched: its bytes so far, and their hash, which is taken up again from the file after a kill. */
export class PartFile {
  private bytesSoFar = 0;
  private hash: Hash = createHash('sha256');

  private constructor(private readonly file: FileHandle) {}

  /**
   * @param signal ends the reading of what is there already
   * @throws DomainError STORAGE_UNAVAILABLE, POOL_FULL
   */
  static async open(path: string, signal: AbortSignal): Promise<PartFile> {
    // Only its owner, until it is whole; a link is not followed.
    const flags = constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
    const part = await storing(async () => new PartFile(await open(path, flags, 0o600)));
    try {
      await storing(() => part.catchUp(signal));
    } catch (error) {
      await part.close();
      throw error;
    }
    return part;
  }

  get bytes(): number {
    return this.bytesSoFar;
  }

  /** Of what is there so far. */
  sha256(): string {
    return this.hash.copy().digest('hex');
  }

  async append(chunk: Buffer): Promise<void> {
    await storing(async () => {
      for (let at = 0; at < chunk.length;)
        at += (await this.file.write(chunk, at, chunk.length - at, this.bytesSoFar + at)).bytesWritten;
    });
    this.hash.update(chunk);
    this.bytesSoFar += chunk.length;
  }

  /** All of it is to come again. */
  async restart(): Promise<void> {
    await storing(() => this.file.truncate(0));
    this.hash = createHash('sha256');
    this.bytesSoFar = 0;
  }

  /** What is there survives a power failure. */
  async sync(): Promise<void> {
    await storing(() => this.file.sync());
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async catchUp(signal: AbortSignal): Promise<void> {
    const buffer = Buffer.alloc(READ_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await this.file.read(buffer, 0, READ_BYTES, this.bytesSoFar);
      if (bytesRead === 0) return;
      this.hash.update(buffer.subarray(0, bytesRead));
      this.bytesSoFar += bytesRead;
    }
  }
}

const storing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw storageError(error);
  }
};
