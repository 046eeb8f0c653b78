import { DEFAULT_POOL } from '@infinibay/contracts';
import { isTooFull, type HostCandidate } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import { StoragePoolRepository } from '../volumes/storage-pool.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';

/** The hosts as the scheduler sees them, with the images that each lacks and could be given. */
@Injectable()
export class CopyingFleet {
  constructor(
    private readonly fleet: FleetRepository,
    private readonly copies: ImageCopyRepository,
    private readonly pools: StoragePoolRepository,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
  ) {}

  /** Hosts are chosen one at a time: a second chooser waits until the first one's transaction ends. */
  lock(tx: Transaction): Promise<void> {
    return this.fleet.lock(tx);
  }

  /** One picture for all that is read in it. It keeps no chooser waiting, and the database refuses to write in it. */
  picture<T>(read: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.fleet.picture(read);
  }

  /** @param imageIds images that are asked about */
  async candidates(tx: Transaction, imageIds: readonly string[]): Promise<HostCandidate[]> {
    const hosts = await this.fleet.candidates(tx, imageIds);
    const copyable = await this.copyableTo(tx, imageIds);
    return hosts.map((host) => ({ ...host, copyable: copyable.get(host.hostId) ?? new Set<string>() }));
  }

  /** By host. Where there is too little room for a copy, none can be made. */
  private async copyableTo(tx: Transaction, imageIds: readonly string[]): Promise<ReadonlyMap<string, Set<string>>> {
    const images = imageIds.length === 0 ? [] : await this.copies.copyable(tx, imageIds);
    if (images.length === 0) return new Map();
    const pools = await this.pools.candidates(tx, { name: DEFAULT_POOL });
    const poolOf = new Map(pools.map((pool) => [pool.hostId, pool]));
    const found = new Map<string, Set<string>>();
    for (const { imageId, hostId, sizeBytes } of images) {
      const pool = poolOf.get(hostId);
      if (pool?.isUsable !== true) continue;
      // Unlike a volume it takes up at once what it takes up.
      const left = { ...pool, availableBytes: pool.availableBytes - sizeBytes };
      if (!isTooFull(left, 0n, this.options.reservePercent))
        found.set(hostId, (found.get(hostId) ?? new Set<string>()).add(imageId));
    }
    return found;
  }
}
