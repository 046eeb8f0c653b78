import { DomainError, type DomainPower } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import { Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { FilterService } from '../filters/filter.service.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { despiteRaces } from '../hypervisor/rule-races.js';
import type { Deadline } from '../work/deadline.js';
import { DomainDisks } from './domain-disks.js';
import { GuestFolders } from './guest-folders.js';
import { StartObstacles } from './start-obstacles.js';
import { unlessDone } from './unless-done.js';

const START_TIMEOUT_MS = 55_000;

/** Lets guests run: behind their filter, and on no disk but their own. */
@Injectable()
export class VmStart {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly disks: DomainDisks,
    private readonly filters: FilterService,
    private readonly folders: GuestFolders,
    private readonly obstacles: StartObstacles,
  ) {}

  /** One that stands still runs on. @throws DomainError VM_BUSY while it is being moved */
  requireHere(vmId: string): Promise<void> {
    return this.obstacles.requireHere(vmId);
  }

  /** "Already so" is success. @throws DomainError REVERT_UNFINISHED, VM_BUSY, and the problems of disks, volumes and filters */
  async start(vmId: string, deadline: Deadline): Promise<DomainPower> {
    const domain = await this.domains.get(vmId, deadline);
    const power = await this.domains.power(domain, deadline);
    if (power === 'shutting-down') throw new DomainError('VM_BUSY', { vmId, power });
    if (!isOff(power)) return power;
    await this.obstacles.requireNone(vmId);
    return this.boot(domain, vmId, deadline, () =>
      this.hypervisor.use('start-domain', () => domain.create({ timeoutMs: deadline.timeoutMs(START_TIMEOUT_MS) })),
    );
  }

  /**
   * When the file was exchanged between our look and QEMU's the power is cut: what runs then may be anything.
   * @param run makes it run; is called once all is there that it needs
   */
  async boot(domain: Domain, vmId: string, deadline: Deadline, run: () => Promise<unknown>): Promise<DomainPower> {
    await this.filters.requireFor(vmId);
    // Folders are gone after a reboot of the host when they are in memory.
    await this.folders.renew(vmId);
    const file = await this.disks.requireSound(vmId, deadline);
    deadline.check();
    await unlessDone(
      () => despiteRaces(deadline, run),
      async () => !isOff(await this.domains.power(domain, deadline)),
    );
    if (await this.disks.isStill(vmId, file)) return this.domains.power(domain, deadline);
    await this.cutPower(vmId, deadline);
    const message = 'The disk of the virtual machine was exchanged while it was being started';
    throw new DomainError('DISK_REPLACED', { vmId }, { message });
  }

  /** Asks nothing of the domain before: of all calls on a guest that hangs only `destroy` waits for none of the others. */
  async cutPower(vmId: string, deadline: Deadline): Promise<void> {
    const domain = await this.domains.get(vmId, deadline);
    try {
      await this.hypervisor.use('destroy-domain', () => domain.destroy({ timeoutMs: deadline.timeoutMs() }));
    } catch (error) {
      if (!meansOff(error)) throw error;
    }
  }
}

/** What libvirt answers when there is nothing to cut: the domain is off, or went away as one without a definition does. */
const meansOff = (error: unknown): boolean => {
  const code = libvirtCodeOf(error);
  return code === 'OPERATION_INVALID' || code === 'NO_DOMAIN';
};
