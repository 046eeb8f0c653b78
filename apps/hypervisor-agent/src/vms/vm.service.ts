import { DomainError, type DomainPower, type VmSpec } from '@infinibay/contracts';
import { domainXml } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { FilterService } from '../filters/filter.service.js';
import { HostFactsReader } from '../host/host-facts.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import type { Deadline } from '../work/deadline.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { DomainDisks } from './domain-disks.js';
import { GuestFolders } from './guest-folders.js';
import { unlessDone } from './unless-done.js';

const START_TIMEOUT_MS = 55_000;

/**
 * Makes, starts and forgets the domain of a VM. "Already so" is success everywhere. Nothing is changed after the deadline:
 * who asked may have decided otherwise since.
 */
@Injectable()
export class VmService {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly host: HostFactsReader,
    private readonly domains: DomainRepository,
    private readonly disks: DomainDisks,
    private readonly filters: FilterService,
    private readonly folders: GuestFolders,
  ) {}

  async define(spec: VmSpec, fence: number, deadline: Deadline): Promise<void> {
    const { virtType } = await this.host.capabilities();
    await this.domains.find(spec.vmId, deadline);
    deadline.check();
    await this.folders.ensure(spec.vmId);
    const xml = domainXml(spec, {
      virtType,
      diskPath: this.disks.pathOf(spec.vmId),
      agentSocketPath: this.folders.agentSocket(spec.vmId),
      screenSocketPath: this.folders.screenSocket(spec.vmId),
      consoleLogPath: this.folders.consoleLog(spec.vmId),
      fence,
    });
    await this.hypervisor.use('define-domain', ({ domains }) =>
      domains.defineXml(xml, { timeoutMs: deadline.timeoutMs() }),
    );
  }

  /** @param cutPower when the file was exchanged between our look and QEMU's: what runs then may be anything */
  async start(vmId: string, deadline: Deadline, cutPower: () => Promise<unknown>): Promise<DomainPower> {
    const domain = await this.domains.get(vmId, deadline);
    const power = await this.domains.power(domain, deadline);
    if (power === 'shutting-down') throw new DomainError('VM_BUSY', { vmId, power });
    if (!isOff(power)) return power;
    await this.filters.requireFor(vmId);
    // Folders are gone after a reboot of the host when they are in memory.
    await this.folders.renew(vmId);
    const file = await this.disks.requireSound(vmId, deadline);
    deadline.check();
    const create = () => domain.create({ timeoutMs: deadline.timeoutMs(START_TIMEOUT_MS) });
    await unlessDone(
      () => this.hypervisor.use('start-domain', create),
      async () => !isOff(await this.domains.power(domain, deadline)),
    );
    if (await this.disks.isStill(vmId, file)) return this.domains.power(domain, deadline);
    await cutPower();
    const message = 'The disk of the virtual machine was exchanged while it was being started';
    throw new DomainError('DISK_REPLACED', { vmId }, { message });
  }

  /** @returns whether there was a domain */
  async undefine(vmId: string, deadline: Deadline): Promise<boolean> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain !== undefined) {
      await this.requireOff(vmId, deadline);
      const { driver } = await this.host.capabilities();
      const always = { managedSave: true, snapshotsMetadata: true };
      const flags = driver.toLowerCase() === 'test' ? always : { ...always, nvram: true, checkpointsMetadata: true };
      await this.hypervisor.find('undefine-domain', 'NO_DOMAIN', () =>
        domain.undefine({ ...flags, timeoutMs: deadline.timeoutMs() }),
      );
    }
    deadline.check();
    await this.folders.remove(vmId);
    return domain !== undefined;
  }

  /** @throws DomainError VM_BUSY while the domain runs */
  async requireOff(vmId: string, deadline: Deadline): Promise<void> {
    const observed = await this.domains.observe(vmId, deadline);
    if (observed !== undefined && !isOff(observed.power))
      throw new DomainError('VM_BUSY', { vmId, power: observed.power });
  }
}
