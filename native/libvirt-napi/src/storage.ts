import type { Readable, Writable } from 'node:stream';
import type { ObjectName, PoolInfo, PoolRecord, ResizeFlags, VolumeInfo, VolumeRecord } from './addon.js';
import type { CallOptions, Caller } from './calls.js';
import { type DownloadOptions, downloadVolume, type TransferOptions, uploadVolume } from './volume-data.js';

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

  /** Makes what the pool stands on, e.g. its folder (`virStoragePoolBuild`). */
  async build(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.buildPool(this.uuid, t, k));
  }

  /** Brings it up (`virStoragePoolCreate`); `build` makes what it stands on first. */
  async create(options: { readonly build?: boolean } & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.startPool(this.uuid, options.build ?? false, t, k));
  }

  /** Takes it down (`virStoragePoolDestroy`); its volumes stay. */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.destroyPool(this.uuid, t, k));
  }

  /** Removes the definition (`virStoragePoolUndefine`). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefinePool(this.uuid, t, k));
  }

  /** Looks for volumes that came or went behind libvirt's back (`virStoragePoolRefresh`). */
  async refresh(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.refreshPool(this.uuid, t, k));
  }

  /** Whether it comes up with the daemon (`virStoragePoolSetAutostart`). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setPoolAutostart(this.uuid, autostart, t, k));
  }

  /** State, and room in bytes (`virStoragePoolGetInfo`). */
  info(options?: CallOptions): Promise<PoolInfo> {
    return this.#calls.run(options, (native, t, k) => native.poolInfo(this.uuid, t, k));
  }

  /** The pool as XML (`virStoragePoolGetXMLDesc`). */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.poolXml(this.uuid, t, k));
  }

  /** Its volumes (`virStoragePoolListAllVolumes`). */
  listVolumes(options?: CallOptions): Promise<VolumeRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listVolumes(this.uuid, t, k));
  }

  /** Rejects with `NO_STORAGE_VOL` when there is none (`virStorageVolLookupByName`). */
  async lookupVolume(name: string, options?: CallOptions): Promise<StorageVolume> {
    return this.#volume(await this.#calls.run(options, (native, t, k) => native.findVolume(this.uuid, name, t, k)));
  }

  /** Makes a volume (`virStorageVolCreateXML`). */
  async createVolumeXml(
    xml: string,
    options: { readonly preallocateMetadata?: boolean } & CallOptions = {},
  ): Promise<StorageVolume> {
    const preallocate = options.preallocateMetadata ?? false;
    return this.#volume(
      await this.#calls.run(options, (native, t, k) => native.createVolume(this.uuid, xml, preallocate, t, k)),
    );
  }

  /**
   * Makes a volume with what is in another, of this pool or of another (`virStorageVolCreateXMLFrom`); with `reflink`
   * without copying where the file system can. Can take long.
   */
  async cloneVolumeXml(
    xml: string,
    source: { readonly poolUuid: string; readonly name: string },
    options: { readonly reflink?: boolean } & CallOptions = {},
  ): Promise<StorageVolume> {
    const reflink = options.reflink ?? false;
    return this.#volume(
      await this.#calls.run(options, (native, t, k) =>
        native.cloneVolume(this.uuid, xml, source.poolUuid, source.name, reflink, t, k),
      ),
    );
  }

  /** Deletes what it stands on, e.g. its empty folder (`virStoragePoolDelete`). Inactive pools only. */
  async delete(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.deletePool(this.uuid, t, k));
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

  /** All of them (`virConnectListAllStoragePools`). */
  list(options?: CallOptions): Promise<PoolRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listPools(t, k));
  }

  /** Rejects with `NO_STORAGE_POOL` when there is none (`virStoragePoolLookupByName`). */
  async lookupByName(name: string, options?: CallOptions): Promise<StoragePool> {
    const found = await this.#calls.run(options, (native, t, k) => native.findPoolByName(name, t, k));
    return new StoragePool(this.#calls, found);
  }

  /** Rejects with `NO_STORAGE_POOL` when there is none (`virStoragePoolLookupByUUID`). */
  async lookupByUuid(uuid: string, options?: CallOptions): Promise<StoragePool> {
    return new StoragePool(this.#calls, await this.#calls.run(options, (native, t, k) => native.findPool(uuid, t, k)));
  }

  /** Finds a pool by where it lies (`virStoragePoolLookupByTargetPath`). */
  async lookupByTargetPath(path: string, options?: CallOptions): Promise<StoragePool> {
    return new StoragePool(
      this.#calls,
      await this.#calls.run(options, (native, t, k) => native.findPoolByPath(path, t, k)),
    );
  }

  /** Finds a volume of any active pool by its path (`virStorageVolLookupByPath`, `virStoragePoolLookupByVolume`). */
  lookupVolumeByPath(path: string, options?: CallOptions): Promise<StorageVolume> {
    return this.#findVolume(path, false, options);
  }

  /** As {@link lookupVolumeByPath} by its key (`virStorageVolLookupByKey`). */
  lookupVolumeByKey(key: string, options?: CallOptions): Promise<StorageVolume> {
    return this.#findVolume(key, true, options);
  }

  async #findVolume(pathOrKey: string, byKey: boolean, options: CallOptions | undefined): Promise<StorageVolume> {
    const found = await this.#calls.run(options, (native, t, k) => native.findVolumeBy(pathOrKey, byKey, t, k));
    return new StorageVolume(this.#calls, found.pool.uuid, found.volume);
  }

  /** Brings a transient pool up, which is gone when it is taken down (`virStoragePoolCreateXML`). */
  async createXml(xml: string, options: { readonly build?: boolean } & CallOptions = {}): Promise<StoragePool> {
    const build = options.build ?? false;
    const made = await this.#calls.run(options, (native, t, k) => native.createPool(xml, build, t, k));
    return new StoragePool(this.#calls, made);
  }

  /** What pools of a kind, e.g. `logical`, could be made from, as XML (`virConnectFindStoragePoolSources`). */
  findSources(kind: string, options: { readonly sourceXml?: string } & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.findPoolSources(kind, options.sourceXml, t, k));
  }

  /** Which kinds of pools the daemon can have, as XML (`virConnectGetStoragePoolCapabilities`). */
  capabilities(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.poolCapabilities(t, k));
  }

  /** Defines a persistent pool (`virStoragePoolDefineXML`). */
  async defineXml(xml: string, options?: CallOptions): Promise<StoragePool> {
    const made = await this.#calls.run(options, (native, t, k) => native.definePool(xml, t, k));
    return new StoragePool(this.#calls, made);
  }
}
