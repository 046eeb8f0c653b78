import type { ObjectName, PoolInfo, PoolRecord, VolumeRecord } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { StorageVolume } from './storage-volume.js';

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
