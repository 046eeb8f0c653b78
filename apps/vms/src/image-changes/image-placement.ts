import { can } from '@infinibay/access-domain';
import { DEFAULT_POOL, DomainError, type Actor } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { choosePool, type PoolCandidate } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { KnownDepartments } from '../departments/known-departments.js';
import { HostMaintenanceRepository } from '../hosts/host-maintenance.repository.js';
import { HostRepository } from '../hosts/host.repository.js';
import { StoragePoolRepository } from '../volumes/storage-pool.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';

/** Whose an image may be, and which host fetches it. */
@Injectable()
export class ImagePlacement {
  constructor(
    private readonly pools: StoragePoolRepository,
    private readonly hosts: HostRepository,
    private readonly maintenances: HostMaintenanceRepository,
    private readonly departments: KnownDepartments,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
  ) {}

  /** @throws DomainError FORBIDDEN (an image for all departments), DEPARTMENT_NOT_FOUND */
  async requireOwner(actor: Actor, departmentId: string | null): Promise<void> {
    if (!can(actor, 'create', { kind: 'image', departmentId }))
      throw new DomainError(departmentId === null ? 'FORBIDDEN' : 'DEPARTMENT_NOT_FOUND');
    if (departmentId !== null) await this.departments.require(actor, departmentId);
  }

  /**
   * How large the image is nobody knows before: the host refuses what leaves too little free.
   * @param hostId null: the one with the most free space, of those that are in use
   * @throws DomainError HOST_NOT_FOUND, HOST_IN_MAINTENANCE, POOL_FULL, NO_SUITABLE_POOL
   */
  async place(tx: Transaction, hostId: string | null): Promise<string> {
    return choosePool(await this.candidates(tx, hostId), 0n, this.options.reservePercent).hostId;
  }

  /**
   * The same for one that browsers send to it, whose size is said.
   * @throws DomainError also IMAGE_UPLOADS_UNAVAILABLE
   */
  async placeUpload(tx: Transaction, hostId: string | null, sizeBytes: bigint): Promise<string> {
    const candidates = await this.candidates(tx, hostId);
    const taking = await this.hosts.takingUploads(tx);
    const pools = candidates.filter((pool) => taking.has(pool.hostId));
    if (pools.length === 0 && candidates.length > 0) throw new DomainError('IMAGE_UPLOADS_UNAVAILABLE');
    return choosePool(withoutBytes(pools, sizeBytes), 0n, this.options.reservePercent).hostId;
  }

  /**
   * Whether a host can be given an image of so many bytes.
   * @throws DomainError HOST_NOT_FOUND, HOST_IN_MAINTENANCE, UNSUPPORTED_BY_DRIVER, POOL_FULL, NO_SUITABLE_POOL
   */
  async requirePlaceOn(tx: Transaction, hostId: string, sizeBytes: bigint): Promise<void> {
    const pools = await this.candidates(tx, hostId);
    if (!(await this.hosts.takesImageCopies(tx, hostId))) {
      const message = 'The agent of the host is older than copies of images, or has not told of them yet';
      throw new DomainError('UNSUPPORTED_BY_DRIVER', { hostId }, { message });
    }
    choosePool(withoutBytes(pools, sizeBytes), 0n, this.options.reservePercent);
  }

  private async candidates(tx: Transaction, hostId: string | null): Promise<PoolCandidate[]> {
    if (hostId !== null) await this.requireHost(tx, hostId);
    // Beside the disks, where hosts keep them.
    const beside = { name: DEFAULT_POOL, ...(hostId === null ? {} : { hostId }) };
    const candidates = await this.pools.candidates(tx, beside);
    const open = await this.maintenances.open(tx);
    return candidates.filter((pool) => open.has(pool.hostId));
  }

  private async requireHost(tx: Transaction, hostId: string): Promise<void> {
    if (!isUuid(hostId) || !(await this.hosts.isKnown(tx, hostId))) throw new DomainError('HOST_NOT_FOUND');
    await this.maintenances.requireOpen(tx, hostId);
  }
}

/** Unlike a volume an image takes up at once what it takes up. */
const withoutBytes = (pools: readonly PoolCandidate[], bytes: bigint): PoolCandidate[] =>
  pools.map((pool) => ({ ...pool, availableBytes: pool.availableBytes - bytes }));
