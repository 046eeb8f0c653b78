import type { Readable, Writable } from 'node:stream';
import type { ObjectName, PoolInfo, PoolRecord, ResizeFlags, VolumeInfo, VolumeRecord } from './addon.js';
import type { CallOptions, Caller } from './calls.js';
import { type DownloadOptions, downloadVolume, type TransferOptions, uploadVolume } from './volume-data.js';

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

  /** Deletes it and what is in it. */
  async delete(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.deleteVolume(this.poolUuid, this.name, t, k));
  }

  /** Type and sizes in bytes. */
  info(options?: CallOptions): Promise<VolumeInfo> {
    return this.#calls.run(options, (native, t, k) => native.volumeInfo(this.poolUuid, this.name, t, k));
  }

  /** Changes the capacity, in bytes. Smaller only with `shrink`. */
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

  /** The volume as XML. */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.volumeXml(this.poolUuid, this.name, t, k));
  }
}

/** One storage pool, by UUID. It holds no libvirt resource. */
export class StoragePool {
  readonly uuid: string;
  readonly name: string;
  readonly #calls: Caller;

  constructor(calls: Caller, named: ObjectName) {
    this.#calls = calls;
    this.uuid = named.uuid;
    this.name = named.name;
  }

  /** Makes what the pool stands on, e.g. its folder. */
  async build(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.buildPool(this.uuid, t, k));
  }

  /** Brings it up; `build` makes what it stands on first. */
  async create(options: { readonly build?: boolean } & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.startPool(this.uuid, options.build ?? false, t, k));
  }

  /** Takes it down; its volumes stay. */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.destroyPool(this.uuid, t, k));
  }

  /** Removes the definition. */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefinePool(this.uuid, t, k));
  }

  /** Looks for volumes that came or went behind libvirt's back. */
  async refresh(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.refreshPool(this.uuid, t, k));
  }

  /** Whether it comes up with the daemon. */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setPoolAutostart(this.uuid, autostart, t, k));
  }

  /** State, and room in bytes. */
  info(options?: CallOptions): Promise<PoolInfo> {
    return this.#calls.run(options, (native, t, k) => native.poolInfo(this.uuid, t, k));
  }

  /** The pool as XML. */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.poolXml(this.uuid, t, k));
  }

  listVolumes(options?: CallOptions): Promise<VolumeRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listVolumes(this.uuid, t, k));
  }

  /** Rejects with `NO_STORAGE_VOL` when there is none. */
  async lookupVolume(name: string, options?: CallOptions): Promise<StorageVolume> {
    return this.#volume(await this.#calls.run(options, (native, t, k) => native.findVolume(this.uuid, name, t, k)));
  }

  /** Makes a volume. */
  async createVolumeXml(
    xml: string,
    options: { readonly preallocateMetadata?: boolean } & CallOptions = {},
  ): Promise<StorageVolume> {
    const preallocate = options.preallocateMetadata ?? false;
    return this.#volume(
      await this.#calls.run(options, (native, t, k) => native.createVolume(this.uuid, xml, preallocate, t, k)),
    );
  }

  #volume(record: VolumeRecord): StorageVolume {
    return new StorageVolume(this.#calls, this.uuid, record);
  }
}

/** The host's storage pools. */
export class StoragePools {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  list(options?: CallOptions): Promise<PoolRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listPools(t, k));
  }

  /** Rejects with `NO_STORAGE_POOL` when there is none. */
  async lookupByName(name: string, options?: CallOptions): Promise<StoragePool> {
    const found = await this.#calls.run(options, (native, t, k) => native.findPoolByName(name, t, k));
    return new StoragePool(this.#calls, found);
  }

  /** Defines a persistent pool. */
  async defineXml(xml: string, options?: CallOptions): Promise<StoragePool> {
    const made = await this.#calls.run(options, (native, t, k) => native.definePool(xml, t, k));
    return new StoragePool(this.#calls, made);
  }
}
