import { Readable, Writable } from 'node:stream';
import { type CallOptions, type Caller, invalidArgument } from './calls.js';

/** Bytes of one call: large enough that the call costs little, small enough that its deadline is never near. */
const PIECE_BYTES = 1024 * 1024;

/** What a download or an upload takes; deadline and signal are for each piece. */
export interface TransferOptions extends CallOptions {
  /** Where it begins in the volume, default 0. */
  readonly offset?: number;
}

/** How much a download reads. */
export interface DownloadOptions extends TransferOptions {
  /** Bytes; to the end of the volume when absent. */
  readonly length?: number;
}

interface Target {
  readonly calls: Caller;
  readonly pool: string;
  readonly name: string;
}

/**
 * The bytes of a volume, read as fast as they are consumed (`virStorageVolDownload`, one stream per MiB). An error of
 * libvirt destroys it with a `LibvirtError`.
 */
export function downloadVolume({ calls, pool, name }: Target, options: DownloadOptions): Readable {
  let offset = options.offset ?? 0;
  const end = options.length === undefined ? Number.POSITIVE_INFINITY : offset + options.length;
  async function* pieces(): AsyncGenerator<Buffer> {
    // The end of the volume would look the same.
    for (const [what, value] of [
      ['offset', offset],
      ['length', options.length ?? 0],
    ] as const)
      if (!Number.isSafeInteger(value) || value < 0)
        throw invalidArgument(new RangeError(`${what} must be a whole number, not below zero`));
    while (offset < end) {
      const wanted = Math.min(PIECE_BYTES, end - offset);
      const at = offset;
      const piece = await calls.run(options, (native, t, k) => native.readVolume(pool, name, at, wanted, t, k));
      offset += piece.length;
      if (piece.length > 0) yield piece;
      if (piece.length < wanted) return;
    }
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE_BYTES });
}

/**
 * Writes into a volume, which must be large enough (`virStorageVolUpload`, one stream per piece). It takes no more while
 * a piece is under way: `pipeline` waits. An error of libvirt destroys it with a `LibvirtError`.
 */
export function uploadVolume({ calls, pool, name }: Target, options: TransferOptions): Writable {
  let offset = options.offset ?? 0;
  const send = async (chunk: Buffer): Promise<void> => {
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      const piece = chunk.subarray(start, start + PIECE_BYTES);
      const at = offset;
      await calls.run(options, (native, t, k) => native.writeVolume(pool, name, at, piece, t, k));
      offset += piece.length;
    }
  };
  return new Writable({
    highWaterMark: PIECE_BYTES,
    decodeStrings: true,
    // What piled up goes in one piece rather than in many small ones.
    writev: (chunks, done) => {
      const all = Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer));
      send(all).then(() => done(), done);
    },
  });
}
