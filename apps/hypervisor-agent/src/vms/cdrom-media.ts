import { dirname, resolve } from 'node:path';
import { DomainError, type CdromStatus } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import {
  cdromFilesOf,
  changedDriveXml,
  isEjected,
  isOfRunningDomain,
  mediumOf,
  withMedium,
} from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtMessageOf } from '../hypervisor/libvirt-errors.js';
import { ImageStore } from '../images/image.store.js';
import { libraryFolder } from '../images/library-folder.js';
import { SeedService } from '../seeds/seed.service.js';
import type { Deadline } from '../work/deadline.js';

/** libvirt's and QEMU's words when a guest keeps its tray closed. */
const HELD = /\btray\b|\blocked\b/i;

/** What is in the CD-ROM drives of VMs: images of this host, which nobody writes to. */
@Injectable()
export class CdromMedia {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly images: ImageStore,
    private readonly seeds: SeedService,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Images that a domain has as CD-ROMs. One that it has as anything else, such as a disk that it writes to, is not among
   * them. What may be used of them ImageStore says.
   */
  imagesIn(domainXml: string): string[] {
    const { IMAGE_DIR, DISK_DIR } = this.config;
    const folders = [IMAGE_DIR, libraryFolder(DISK_DIR)].map((folder) => resolve(folder));
    return cdromFilesOf(domainXml).filter((file) => folders.includes(dirname(file)));
  }

  /** Images that a VM is defined with as CD-ROMs, and that may be used. */
  async soundOf(vmId: string, deadline: Deadline): Promise<string[]> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined) return [];
    const sound: string[] = [];
    for (const file of this.imagesIn(await this.read(domain, true, deadline)))
      if (await this.images.isSound(file)) sound.push(file);
    return sound;
  }

  /** Whether all images that a domain has as CD-ROMs may be used. */
  async areSound(domainXml: string): Promise<boolean> {
    for (const file of this.imagesIn(domainXml)) if (!(await this.images.isSound(file))) return false;
    return true;
  }

  /**
   * Puts it into the drive, or takes out what is in it. A VM without a domain gets it with the definition of its next start.
   * @param imageId null: nothing shall be in it
   * @throws DomainError IMAGE_NOT_FOUND, VM_MEMORY_SAVED, HYPERVISOR_ERROR
   */
  async set(vmId: string, imageId: string | null, deadline: Deadline): Promise<CdromStatus> {
    const path = imageId === null ? null : (await this.images.get(imageId)).path;
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined) return 'OFF';
    const isOn = !isOff(await this.domains.power(domain, deadline));
    const status = isOn ? await this.change(vmId, domain, path, deadline) : 'OFF';
    if (status === 'HELD') return status;
    if (!isOn) await this.requireAsSaved(vmId, path, deadline);
    const seed = this.seeds.pathOf(vmId);
    await this.domains.redefine(domain, deadline, (xml) => withMedium(xml, path, seed));
    return status;
  }

  /** Of what runs. */
  private async change(vmId: string, domain: Domain, path: string | null, deadline: Deadline): Promise<CdromStatus> {
    const seed = this.seeds.pathOf(vmId);
    const live = await this.read(domain, false, deadline);
    if (!isOfRunningDomain(live)) return 'OFF';
    const medium = mediumOf(live, seed);
    const isToReturn = medium === path && path !== null && isEjected(live, seed);
    if (medium === path && !isToReturn) return 'LIVE';
    const drive = changedDriveXml(live, path, seed);
    if (drive === undefined) return path === null ? 'LIVE' : 'NEXT_START';
    // libvirt does nothing about a drive that is to have what it has, and leaves its tray open.
    const taken = isToReturn ? changedDriveXml(live, null, seed) : undefined;
    try {
      for (const device of [taken, drive]) if (device !== undefined) await this.exchange(domain, device, deadline);
    } catch (error) {
      if (HELD.test(libvirtMessageOf(error) ?? '')) return 'HELD';
      throw error;
    }
    if (mediumOf(await this.read(domain, false, deadline), seed) !== path)
      throw new DomainError('HYPERVISOR_ERROR', { vmId, reason: 'the drive does not have what was put into it' });
    this.logger.info({ vmId, isEmpty: path === null }, 'medium of a running guest changed');
    return 'LIVE';
  }

  private async exchange(domain: Domain, deviceXml: string, deadline: Deadline): Promise<void> {
    await this.hypervisor.use('change-medium', () =>
      domain.updateDevice(deviceXml, { live: true, timeoutMs: deadline.timeoutMs() }),
    );
  }

  /** A guest whose memory is saved comes back with what was in its drive. @throws DomainError VM_MEMORY_SAVED */
  private async requireAsSaved(vmId: string, path: string | null, deadline: Deadline): Promise<void> {
    const machine = await this.domains.savedMachine(vmId, deadline);
    if (typeof machine !== 'string') return;
    const saved = mediumOf(machine, this.seeds.pathOf(vmId)) ?? null;
    if (saved !== path) throw new DomainError('VM_MEMORY_SAVED', { vmId });
  }

  private read(domain: Domain, inactive: boolean, deadline: Deadline): Promise<string> {
    return this.hypervisor.use('read-domain', () => domain.xmlDesc({ inactive, timeoutMs: deadline.timeoutMs() }));
  }
}
