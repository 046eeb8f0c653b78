import { DomainError, type DomainPower, type VmSpec } from '@infinibay/contracts';
import { domainXml } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { FilterService } from '../filters/filter.service.js';
import { HostFactsReader } from '../host/host-facts.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import type { Deadline } from '../work/deadline.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { GuestFolders } from './guest-folders.js';

const START_TIMEOUT_MS = 55_000;

/**
 * What can be done to the domain of a VM. "Already so" is success everywhere. Nothing is changed after the deadline:
 * who asked may have decided otherwise since.
 */
@Injectable()
export class VmService {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly host: HostFactsReader,
    private readonly domains: DomainRepository,
    private readonly disks: DiskService,
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
      consoleLogPath: this.folders.consoleLog(spec.vmId),
      fence,
    });
    await this.hypervisor.use('define-domain', ({ domains }) =>
      domains.defineXml(xml, { timeoutMs: deadline.timeoutMs() }),
    );
  }

  async start(vmId: string, deadline: Deadline): Promise<DomainPower> {
    const domain = await this.domains.get(vmId, deadline);
    const power = await this.domains.power(domain, deadline);
    if (power === 'shutting-down') throw new DomainError('VM_BUSY', { vmId, power });
    if (!isOff(power)) return power;
    await this.filters.requireFor(vmId);
    // The folder is gone after a reboot of the host when it is in memory.
    await this.folders.ensure(vmId);
    await this.requireOwnDisk(vmId, deadline);
    // Last, so that as little time as possible passes until QEMU opens the file.
    const file = await this.disks.requireSound(vmId);
    deadline.check();
    await this.tolerate(
      'start-domain',
      () => domain.create({ timeoutMs: deadline.timeoutMs(START_TIMEOUT_MS) }),
      async () => !isOff(await this.domains.power(domain, deadline)),
    );
    if (!(await this.disks.isStill(vmId, file))) await this.refuseSwapped(vmId, deadline);
    return this.domains.power(domain, deadline);
  }

  /** A paused guest runs on. One that sleeps by itself can't be woken: the binding has no call for it. */
  async resume(vmId: string, deadline: Deadline): Promise<DomainPower> {
    const domain = await this.domains.get(vmId, deadline);
    const power = await this.domains.power(domain, deadline);
    if (power === 'running') return power;
    if (power !== 'paused') throw new DomainError('VM_BUSY', { vmId, power });
    await this.tolerate(
      'resume-domain',
      () => domain.resume({ timeoutMs: deadline.timeoutMs() }),
      async () => (await this.domains.power(domain, deadline)) === 'running',
    );
    return this.domains.power(domain, deadline);
  }

  /** Somebody may have defined the domain anew, on another file. */
  private async requireOwnDisk(vmId: string, deadline: Deadline): Promise<void> {
    const files = await this.domains.diskFiles(vmId, deadline);
    if (files.length === 1 && files[0] === this.disks.pathOf(vmId)) return;
    const message = 'The domain of the virtual machine is defined with another disk than the one made for it';
    throw new DomainError('DISK_REPLACED', { vmId }, { message });
  }

  /** The file was exchanged between our look and QEMU's: what runs now may be anything. */
  private async refuseSwapped(vmId: string, deadline: Deadline): Promise<never> {
    await this.forceOff(vmId, deadline);
    const message = 'The disk of the virtual machine was exchanged while it was being started';
    throw new DomainError('DISK_REPLACED', { vmId }, { message });
  }

  /** The power button: the guest decides when, and whether, it goes off. */
  async shutdown(vmId: string, deadline: Deadline): Promise<DomainPower> {
    const domain = await this.domains.get(vmId, deadline);
    const power = await this.domains.power(domain, deadline);
    if (isOff(power)) return power;
    const press = () => domain.shutdown({ timeoutMs: deadline.timeoutMs() });
    await this.tolerate('shut-down-domain', press, async () => isOff(await this.domains.power(domain, deadline)));
    return this.domains.power(domain, deadline);
  }

  /** Asks nothing of the domain before: of all calls on a guest that hangs only `destroy` waits for none of the others. */
  async forceOff(vmId: string, deadline: Deadline): Promise<DomainPower> {
    const domain = await this.domains.get(vmId, deadline);
    try {
      await this.hypervisor.use('destroy-domain', () => domain.destroy({ timeoutMs: deadline.timeoutMs() }));
    } catch (error) {
      if (!meansOff(error)) throw error;
    }
    return 'off';
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

  /** A call that libvirt finds invalid because what it should bring about has just come about has succeeded. */
  private async tolerate(call: string, work: () => Promise<void>, isDone: () => Promise<boolean>): Promise<void> {
    try {
      await this.hypervisor.use(call, work);
    } catch (error) {
      if (libvirtCodeOf(error) !== 'OPERATION_INVALID' || !(await isDone())) throw error;
    }
  }
}

/** What libvirt answers when there is nothing to cut: the domain is off, or went away as one without a definition does. */
const meansOff = (error: unknown): boolean => {
  const code = libvirtCodeOf(error);
  return code === 'OPERATION_INVALID' || code === 'NO_DOMAIN';
};
