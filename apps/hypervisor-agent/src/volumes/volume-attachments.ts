import { disksOf, volumeDiskXml, withoutDisk, type DomainDisk } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { DomainDevices, type Device } from '../domains/domain-devices.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import type { Deadline } from '../work/deadline.js';
import { VolumeService } from './volume.service.js';

export interface VolumePlace {
  readonly vmId: string;
  readonly volumeId: string;
  readonly target: string;
}

const diskAt = (domainXml: string, path: string): DomainDisk | undefined =>
  disksOf(domainXml).find(({ file }) => file === path);

/** Volumes as disks of domains. What a domain has is read from libvirt each time; "already so" is success. */
@Injectable()
export class VolumeAttachments {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly devices: DomainDevices,
    private readonly volumes: VolumeService,
  ) {}

  /**
   * To the guest that runs and to the definition. A VM without a domain gets it with the definition of its next start.
   * @returns whether a running guest has it
   */
  async attach({ vmId, volumeId, target }: VolumePlace, deadline: Deadline): Promise<boolean> {
    await this.volumes.requireSound(volumeId, true);
    const xmlFor = (): string => volumeDiskXml(volumeId, this.volumes.pathOf(volumeId), target);
    return this.devices.attach(vmId, { ...this.deviceOf(volumeId), xmlFor }, deadline);
  }

  /** @returns whether neither the guest nor the definition has it; false while the guest keeps it */
  detach({ vmId, volumeId }: VolumePlace, deadline: Deadline): Promise<boolean> {
    return this.devices.detach(vmId, this.deviceOf(volumeId), deadline);
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

  /** Told by its file, whatever name the disk has. */
  private deviceOf(volumeId: string): Device {
    const path = this.volumes.pathOf(volumeId);
    return {
      about: { kind: 'disk', volumeId },
      find: (domainXml) => {
        const disk = diskAt(domainXml, path);
        return disk === undefined ? undefined : volumeDiskXml(volumeId, path, disk.target);
      },
      without: (definition) => withoutDisk(definition, path),
    };
  }

  private async liveDisk(vmId: string, path: string, deadline: Deadline): Promise<DomainDisk | undefined> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined || isOff(await this.domains.power(domain, deadline))) return undefined;
    const xml = await this.hypervisor.use('read-domain', () => domain.xmlDesc({ timeoutMs: deadline.timeoutMs() }));
    return diskAt(xml, path);
  }
}
