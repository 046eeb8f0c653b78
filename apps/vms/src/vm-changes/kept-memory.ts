import { DEFAULT_POOL, DomainError } from '@infinibay/contracts';
import { reserveBytes } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { bytesToGib } from '../catalog/sizes.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow, Volume as VolumeRow } from '../generated/prisma/client.js';
import { QuotaAdmission } from '../quotas/quota.admission.js';
import { memoryBytesOf } from '../vms/saved-memory.js';
import { pendingCdrom } from '../vms/vm-cdrom.js';
import { VmPortRepository } from '../vms/vm-port.repository.js';
import { VmRepository } from '../vms/vm.repository.js';
import { StoragePoolRepository } from '../volumes/storage-pool.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';
import { VolumeRepository } from '../volumes/volume.repository.js';

/** Memory of guests that is kept on their host, and what belongs to it. The VM is locked by whoever asks. */
@Injectable()
export class KeptMemory {
  constructor(
    private readonly vms: VmRepository,
    private readonly volumes: VolumeRepository,
    private readonly pools: StoragePoolRepository,
    private readonly quotas: QuotaAdmission,
    private readonly ports: VmPortRepository,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
  ) {}

  /** Promises a save of the VM its room. @throws DomainError VM_BUSY, VOLUME_BUSY, PORT_BUSY, POOL_FULL, QUOTA_EXCEEDED */
  async promise(tx: Transaction, vm: VmRow): Promise<void> {
    // It would be brought back with another drive than its definition has.
    if (pendingCdrom(vm).length > 0)
      throw new DomainError('VM_BUSY', { state: vm.state, reason: 'its CD-ROM waits until it has been off' });
    await this.settledVolumes(tx, vm);
    const savedBytes = memoryBytesOf(vm);
    await this.requireRoom(tx, vm, savedBytes);
    // Last but the row itself: nothing else may be waited for under this lock.
    await this.quotas.admit(tx, vm.departmentId, { diskGib: bytesToGib(savedBytes) });
    await this.vms.update(tx, vm.id, { savedBytes, savedAt: null });
  }

  /** Memory is written now, and disks grow by what is overwritten from now on. @throws DomainError POOL_FULL */
  async requireRoom(tx: Transaction, { hostId }: VmRow, memoryBytes: bigint): Promise<void> {
    const [pool] = (await this.pools.candidates(tx, { hostId, name: DEFAULT_POOL })).filter(({ isUsable }) => isUsable);
    // A host that tells of no pool says so when it is asked for it.
    if (pool !== undefined && pool.availableBytes - memoryBytes < reserveBytes(pool, this.options.reservePercent))
      throw new DomainError('POOL_FULL', { reservePercent: this.options.reservePercent });
  }

  /** Its volumes, locked: none grows, comes or goes meanwhile, and no port does. @throws DomainError VOLUME_BUSY, PORT_BUSY */
  async settledVolumes(tx: Transaction, vm: VmRow): Promise<VolumeRow[]> {
    await this.ports.requireAtRest(tx, vm.id);
    const locked: VolumeRow[] = [];
    for (const { id } of await this.volumes.ofVm(vm.id, tx)) {
      const volume = await this.volumes.lock(tx, id);
      if (volume?.state !== 'AVAILABLE' || volume.attachment !== 'ATTACHED')
        throw new DomainError('VOLUME_BUSY', { volumeId: id, state: volume?.state, attachment: volume?.attachment });
      locked.push(volume);
    }
    return locked;
  }
}
