import { join } from 'node:path';
import { DomainError } from '@infinibay/contracts';
import type { StoragePool } from '@infinibay/libvirt';
import { DISK_POOL, diskPoolXml, diskVolumeName, linkedCloneXml, poolPathOf } from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { OncePerConnection } from '../hypervisor/once-per-connection.js';
import { ImageStore } from '../images/image.store.js';
import type { Deadline } from '../work/deadline.js';

const CREATE_TIMEOUT_MS = 55_000;

/** Disks of VMs: linked clones of images, in one storage pool. */
@Injectable()
export class DiskService {
  private readonly pool: OncePerConnection<StoragePool>;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly images: ImageStore,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {
    this.pool = new OncePerConnection(hypervisor, () => this.preparePool());
  }

  pathOf(vmId: string): string {
    return join(this.config.DISK_DIR, diskVolumeName(vmId));
  }

  /** Bytes that the guest sees; null when there is no disk, or one that is being made. */
  async capacityOf(vmId: string, deadline: Deadline): Promise<number | null> {
    const volume = await this.find(vmId, deadline);
    if (volume === undefined) return null;
    try {
      const read = () => volume.info({ timeoutMs: deadline.timeoutMs() });
      return (await this.hypervisor.use('inspect-disk', read)).capacityBytes;
    } catch (error) {
      const code = libvirtCodeOf(error);
      if (code === 'OPERATION_INVALID' || code === 'NO_STORAGE_VOL') return null;
      throw error;
    }
  }

  /** @returns whether it was made now */
  async ensure(vmId: string, imageId: string, capacityBytes: number, deadline: Deadline): Promise<boolean> {
    if ((await this.find(vmId, deadline)) !== undefined) return false;
    const image = await this.images.get(imageId);
    const pool = await this.pool.get();
    const xml = linkedCloneXml({
      volumeName: diskVolumeName(vmId),
      capacityBytes: Math.max(capacityBytes, image.virtualSizeBytes),
      image,
    });
    await this.hypervisor.use('create-disk', () =>
      pool.createVolumeXml(xml, { timeoutMs: deadline.timeoutMs(CREATE_TIMEOUT_MS) }),
    );
    return true;
  }

  /** @returns whether there was one */
  async remove(vmId: string, deadline: Deadline): Promise<boolean> {
    const volume = await this.find(vmId, deadline);
    if (volume === undefined) return false;
    await this.hypervisor.use('delete-disk', () => volume.delete({ timeoutMs: deadline.timeoutMs() }));
    return true;
  }

  private async find(vmId: string, deadline: Deadline) {
    const pool = await this.pool.get();
    return this.hypervisor.find('find-disk', 'NO_STORAGE_VOL', () =>
      pool.lookupVolume(diskVolumeName(vmId), { timeoutMs: deadline.timeoutMs() }),
    );
  }

  private async preparePool(): Promise<StoragePool> {
    const known = await this.hypervisor.find('find-pool', 'NO_STORAGE_POOL', ({ storagePools }) =>
      storagePools.lookupByName(DISK_POOL),
    );
    const pool = known ?? (await this.definePool());
    const path = poolPathOf(await this.hypervisor.use('read-pool', () => pool.xmlDesc()));
    if (path !== this.config.DISK_DIR) {
      throw new DomainError('HYPERVISOR_ERROR', {
        reason: `the storage pool ${DISK_POOL} is in another folder than DISK_DIR`,
      });
    }
    await this.activate(pool);
    return pool;
  }

  private async definePool(): Promise<StoragePool> {
    const pool = await this.hypervisor.use('define-pool', ({ storagePools }) =>
      storagePools.defineXml(diskPoolXml(this.config.DISK_DIR)),
    );
    await this.hypervisor.use('autostart-pool', () => pool.setAutostart(true));
    return pool;
  }

  private async activate(pool: StoragePool): Promise<void> {
    const { state } = await this.hypervisor.use('read-pool', () => pool.info());
    if (state === 'running') return;
    // Makes the folder where it isn't there.
    await this.hypervisor.use('build-pool', () => pool.build());
    await this.hypervisor.use('start-pool', () => pool.create());
  }
}
