import { DomainError } from '@infinibay/contracts';
import { diskFilesOf, disksOf, volumeDiskXml, withDisk, withoutDisk, type DomainDisk } from '@infinibay/libvirt-xml';
import type { Domain } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtMessageOf } from '../hypervisor/libvirt-errors.js';
import type { Deadline } from '../work/deadline.js';
import { VolumeService } from './volume.service.js';

export interface VolumePlace {
  readonly vmId: string;
  readonly volumeId: string;
  readonly target: string;
}

/** QEMU's words when a guest was asked for a device before and has not let go of it yet. */
const ASKED_BEFORE = 'in the process of unplug';

/** Volumes as disks of domains. What a domain has is read from libvirt each time; "already so" is success. */
@Injectable()
export class VolumeAttachments {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly volumes: VolumeService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * To the guest that runs and to the definition. A VM without a domain gets it with the definition of its next start.
   * @returns whether a running guest has it
   */
  async attach({ vmId, volumeId, target }: VolumePlace, deadline: Deadline): Promise<boolean> {
    await this.volumes.requireSound(volumeId, true);
    const path = this.volumes.pathOf(volumeId);
    const xml = volumeDiskXml(volumeId, path, target);
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined) return false;
    const isOn = !isOff(await this.domains.power(domain, deadline));
    if (isOn && (await this.diskOf(domain, path, false, deadline)) === undefined) {
      await this.hypervisor.use('attach-disk', () =>
        domain.attachDevice(xml, { live: true, timeoutMs: deadline.timeoutMs() }),
      );
      if ((await this.diskOf(domain, path, false, deadline)) === undefined)
        throw new DomainError('HYPERVISOR_ERROR', { vmId, volumeId, reason: 'the guest does not have the disk' });
      this.logger.info({ vmId, volumeId, target }, 'volume attached to the running guest');
    }
    if ((await this.diskOf(domain, path, true, deadline)) === undefined) {
      if (!isOn) await this.requireAsSaved(vmId, path, true, deadline);
      await this.domains.redefine(domain, deadline, (definition) => withDisk(definition, xml));
    }
    return isOn;
  }

  /** @returns whether neither the guest nor the definition has it; false while the guest keeps it */
  async detach({ vmId, volumeId }: VolumePlace, deadline: Deadline): Promise<boolean> {
    const path = this.volumes.pathOf(volumeId);
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined) return true;
    const isOn = !isOff(await this.domains.power(domain, deadline));
    if (isOn && !(await this.askBack(domain, volumeId, path, deadline))) return false;
    if ((await this.diskOf(domain, path, true, deadline)) !== undefined) {
      if (!isOn) await this.requireAsSaved(vmId, path, false, deadline);
      await this.domains.redefine(domain, deadline, (definition) => withoutDisk(definition, path));
    }
    this.logger.info({ vmId, volumeId }, 'volume detached');
    return true;
  }

  /**
   * Makes a volume larger: through QEMU where a guest has it, which then tells the guest.
   * @returns whether a running guest was told
   */
  async grow(
    vmId: string | null,
    volumeId: string,
    capacityBytes: number,
    deadline: Deadline,
  ): Promise<{ readonly capacityBytes: number; readonly isOnline: boolean }> {
    const has = await this.volumes.requireSound(volumeId, true);
    const disk = vmId === null ? undefined : await this.liveDisk(vmId, this.volumes.pathOf(volumeId), deadline);
    if (has >= capacityBytes) return { capacityBytes: has, isOnline: disk !== undefined };
    if (vmId !== null && disk === undefined) await this.domains.requireNoSavedMemory(vmId, deadline);
    deadline.check();
    if (vmId === null || disk === undefined) await this.volumes.growFile(volumeId, capacityBytes, deadline);
    else
      await this.hypervisor.use('resize-disk', ({ domains }) =>
        domains.handle(vmId).disk(disk.target).resize(capacityBytes, { timeoutMs: deadline.timeoutMs() }),
      );
    return { capacityBytes: await this.volumes.requireSound(volumeId, true), isOnline: disk !== undefined };
  }

  /**
   * A guest whose memory is saved comes back with the disks that it had, and with what it had read of them.
   * @throws DomainError VM_MEMORY_SAVED
   */
  private async requireAsSaved(vmId: string, path: string, isThere: boolean, deadline: Deadline): Promise<void> {
    const machine = await this.domains.savedMachine(vmId, deadline);
    if (typeof machine === 'string' && diskFilesOf(machine).includes(path) !== isThere)
      throw new DomainError('VM_MEMORY_SAVED', { vmId });
  }

  /** @returns whether the guest does not have it any more */
  private async askBack(domain: Domain, volumeId: string, path: string, deadline: Deadline): Promise<boolean> {
    const disk = await this.diskOf(domain, path, false, deadline);
    if (disk === undefined) return true;
    const xml = volumeDiskXml(volumeId, path, disk.target);
    try {
      await this.hypervisor.use('detach-disk', () =>
        domain.detachDevice(xml, { live: true, timeoutMs: deadline.timeoutMs() }),
      );
    } catch (error) {
      // It may have let go just then, or have been asked before.
      const isGone = (await this.diskOf(domain, path, false, deadline)) === undefined;
      if (!isGone && libvirtMessageOf(error)?.includes(ASKED_BEFORE) !== true) throw error;
    }
    return (await this.diskOf(domain, path, false, deadline)) === undefined;
  }

  private async liveDisk(vmId: string, path: string, deadline: Deadline): Promise<DomainDisk | undefined> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined || isOff(await this.domains.power(domain, deadline))) return undefined;
    return this.diskOf(domain, path, false, deadline);
  }

  /** @param inactive of the definition; of the running guest otherwise */
  private async diskOf(
    domain: Domain,
    path: string,
    inactive: boolean,
    deadline: Deadline,
  ): Promise<DomainDisk | undefined> {
    const xml = await this.hypervisor.use('read-domain', () =>
      domain.xmlDesc({ inactive, timeoutMs: deadline.timeoutMs() }),
    );
    return disksOf(xml).find(({ file }) => file === path);
  }
}
