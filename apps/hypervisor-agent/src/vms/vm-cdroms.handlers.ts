import {
  DomainError,
  ensureBlankDisk,
  inspectCdrom,
  setCdrom,
  type ObservedCdrom,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import { changedDrive, isOfRunningDomain, isOnQ35, withMedium } from '@infinibay/libvirt-xml';
import { Authorize } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Controller, Inject } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtMessageOf } from '../hypervisor/libvirt-errors.js';
import { ImageStore } from '../images/image.store.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';

/** What QEMU and libvirt say when a guest does not let the tray open. */
const LOCKED = /\btray\b|is locked/i;

/** No path: of an image that the host does not have nothing can be in a drive. */
const NOWHERE = '\0';

/** What is in the CD drives of VMs: told, written into their definitions, and brought to what runs. */
@Controller()
export class VmCdromHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly images: ImageStore,
    private readonly disks: DiskService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Authorize()
  @HandlesRequest(inspectCdrom)
  async inspect(
    { vmId, imageId }: RequestOf<typeof inspectCdrom>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectCdrom>> {
    const file = imageId === null ? undefined : ((await this.images.find(imageId))?.image.path ?? NOWHERE);
    return this.domains.cdrom(vmId, file, new Deadline(until));
  }

  @Authorize()
  @HandlesRequest(setCdrom)
  set(request: RequestOf<typeof setCdrom>, { deadline: until }: RequestMeta): Promise<ReplyOf<typeof setCdrom>> {
    const { vmId, of, imageId } = request;
    return this.gate.perform(request, until, async (deadline) => {
      const domain = await this.domains.get(vmId, deadline);
      // What is not what it was imported as goes into no drive.
      const file = imageId === null ? undefined : (await this.images.get(imageId)).path;
      deadline.check();
      if (of === 'definition')
        await this.domains.redefine(domain, deadline, (xml) => withMedium(xml, file, isOnQ35(xml) ? 'q35' : 'pc'));
      else await this.change(vmId, domain, file, deadline);
      return this.confirmed(vmId, of, file, deadline);
    });
  }

  @Authorize()
  @HandlesRequest(ensureBlankDisk)
  async ensureBlankDisk(
    request: RequestOf<typeof ensureBlankDisk>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureBlankDisk>> {
    const { vmId, imageId, capacityBytes } = request;
    const created = await this.gate.perform(request, until, (deadline) =>
      this.disks.ensureBlank(vmId, imageId, capacityBytes, deadline),
    );
    return { created };
  }

  /** What runs without a drive has one from its next start on. */
  private async change(vmId: string, domain: Domain, file: string | undefined, deadline: Deadline): Promise<void> {
    const xml = await this.hypervisor.use('read-domain', () => domain.xmlDesc({ timeoutMs: deadline.timeoutMs() }));
    const drive = isOfRunningDomain(xml) ? changedDrive(xml, file) : undefined;
    if (drive === undefined) return;
    try {
      await this.hypervisor.use('set-medium', () =>
        domain.updateDevice(drive, { live: true, timeoutMs: deadline.timeoutMs() }),
      );
    } catch (error) {
      // It may have gone off just then.
      if (isOff(await this.domains.power(domain, deadline))) return;
      if (LOCKED.test(libvirtMessageOf(error) ?? '')) throw new DomainError('CDROM_LOCKED', { vmId }, { cause: error });
      throw error;
    }
    this.logger.info({ vmId, isEmpty: file === undefined }, 'medium of a running guest changed');
  }

  /** What the domain itself shows afterwards. @throws DomainError HYPERVISOR_ERROR */
  private async confirmed(
    vmId: string,
    of: 'definition' | 'live',
    file: string | undefined,
    deadline: Deadline,
  ): Promise<ObservedCdrom> {
    const found = await this.domains.cdrom(vmId, file, deadline);
    if (found[of] === 'OTHER')
      throw new DomainError('HYPERVISOR_ERROR', { vmId, reason: 'the CD drive does not hold what was put into it' });
    return found;
  }
}
