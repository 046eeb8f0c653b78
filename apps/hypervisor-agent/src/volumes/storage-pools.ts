import { join } from 'node:path';
import { DEFAULT_POOL, DomainError } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { StorageMark } from '../disks/storage-mark.js';
import { VolumeFiles } from './volume-files.js';

/** A folder for volumes, on a storage that says which it is. */
export interface HostPool {
  readonly name: string;
  readonly folder: string;
  readonly mark: StorageMark;
  readonly files: VolumeFiles;
}

/** The pools of this host: the folder of its disks, and those that it was configured with. */
@Injectable()
export class StoragePools {
  readonly all: readonly HostPool[];

  constructor(@Inject(AGENT_CONFIG) { DISK_DIR, STATE_DIR, STORAGE_POOLS }: AgentConfig) {
    if (STORAGE_POOLS.some(({ path }) => path === DISK_DIR))
      throw new RangeError('STORAGE_POOLS names DISK_DIR, which is the pool default already');
    const further = STORAGE_POOLS.map(({ name, path }) => poolOf(name, path, join(STATE_DIR, 'pools', name)));
    this.all = [poolOf(DEFAULT_POOL, DISK_DIR, STATE_DIR), ...further];
  }

  /** @throws DomainError POOL_NOT_FOUND */
  get(name: string): HostPool {
    const found = this.all.find((pool) => pool.name === name);
    if (found === undefined) throw new DomainError('POOL_NOT_FOUND', { poolName: name });
    return found;
  }

  /** Of a volume that is there. @throws DomainError STORAGE_UNAVAILABLE: the host is not configured with it any more */
  holding(name: string): HostPool {
    const found = this.all.find((pool) => pool.name === name);
    if (found !== undefined) return found;
    const message = 'The pool that the volume is in is not among those that its host is configured with';
    throw new DomainError('STORAGE_UNAVAILABLE', { poolName: name }, { message });
  }

  /**
   * That two pools are two storages: a volume that is moved from a folder to the same one under another name would be lost.
   * @throws DomainError STORAGE_UNAVAILABLE
   */
  async requireApart(one: HostPool, other: HostPool): Promise<void> {
    if ((await one.mark.id()) !== (await other.mark.id())) return;
    const message = `The pools ${one.name} and ${other.name} are one storage: they carry the same mark`;
    throw new DomainError('STORAGE_UNAVAILABLE', {}, { message });
  }
}

/** @param stateDir where this host remembers the mark */
const poolOf = (name: string, folder: string, stateDir: string): HostPool => ({
  name,
  folder,
  mark: new StorageMark(folder, stateDir),
  files: new VolumeFiles(folder),
});
