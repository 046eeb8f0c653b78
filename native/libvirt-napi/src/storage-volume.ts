import type { Readable, Writable } from 'node:stream';
import type { CallOptions, Caller } from './calls.js';
import type { ResizeFlags, VolumeInfo, VolumeRecord } from './generated/addon.js';
import { type DownloadOptions, downloadVolume, type TransferOptions, uploadVolume } from './storage-volume-data.js';

/** How a volume is overwritten (`virStorageVolWipeAlgorithm`); all but `zero` and `trim` need the host's scrub. */
export type WipeAlgorithm =
  'zero' | 'nnsa' | 'dod' | 'bsi' | 'gutmann' | 'schneier' | 'pfitzner7' | 'pfitzner33' | 'random' | 'trim';

/** One volume of a pool, by name. It holds no libvirt resource. */
export class StorageVolume {
  readonly poolUuid: string;
  readonly name: string;
  readonly key: string;
  /** Where it is on the host. */
  readonly path: string;
  readonly #calls: Caller;

  constructor(calls: Caller, poolUuid: string, record: VolumeRecord) {
    this.#calls = calls;
    this.poolUuid = poolUuid;
    this.name = record.name;
    this.key = record.key;
    this.path = record.path;
  }

  /** Deletes it and what is in it (`virStorageVolDelete`). */
  async delete(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.deleteVolume(this.poolUuid, this.name, t, k));
  }

  /** Type and sizes in bytes (`virStorageVolGetInfo`). */
  info(options?: CallOptions): Promise<VolumeInfo> {
    return this.#calls.run(options, (native, t, k) => native.volumeInfo(this.poolUuid, this.name, t, k));
  }

  /** Changes the capacity, in bytes (`virStorageVolResize`). Smaller only with `shrink`. */
  async resize(bytes: number, options: ResizeFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.resizeVolume(this.poolUuid, this.name, bytes, options, t, k),
    );
  }

  /** Its bytes, read no faster than they are consumed (`virStorageVolDownload`). */
  download(options: DownloadOptions = {}): Readable {
    return downloadVolume({ calls: this.#calls, pool: this.poolUuid, name: this.name }, options);
  }

  /** Takes bytes for it, no faster than libvirt does (`virStorageVolUpload`). It must be large enough. */
  upload(options: TransferOptions = {}): Writable {
    return uploadVolume({ calls: this.#calls, pool: this.poolUuid, name: this.name }, options);
  }

  /** Overwrites what is in it (`virStorageVolWipePattern`), with zeroes by default. Can take long. */
  async wipe(options: { readonly algorithm?: WipeAlgorithm } & CallOptions = {}): Promise<void> {
    const algorithm = options.algorithm ?? 'zero';
    await this.#calls.run(options, (native, t, k) => native.wipeVolume(this.poolUuid, this.name, algorithm, t, k));
  }

  /** The volume as XML (`virStorageVolGetXMLDesc`). */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.volumeXml(this.poolUuid, this.name, t, k));
  }
}
