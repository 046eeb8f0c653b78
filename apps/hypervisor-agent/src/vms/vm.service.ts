import { DomainError, type DomainPower, type VmSpec } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import { domainXml } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { FilterService } from '../filters/filter.service.js';
import { HostFactsReader } from '../hypervisor/host-facts.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { isOff } from './domain-power.js';
import { DomainRepository } from './domain.repository.js';
import { GuestFolders } from './guest-folders.js';

const START_TIMEOUT_MS = 55_000;
const SHORTEST_TIMEOUT_MS = 100;
/** Left for the answer to reach who asked. */
const ANSWER_MS = 250;

/** What can be done to the domain of a VM. "Already so" is success everywhere. */
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

  async define(spec: VmSpec, fence: number): Promise<void> {
    const { virtType } = await this.host.capabilities();
    await this.domains.find(spec.vmId);
    await this.folders.ensure(spec.vmId);
    const xml = domainXml(spec, {
      virtType,
      diskPath: this.disks.pathOf(spec.vmId),
      agentSocketPath: this.folders.agentSocket(spec.vmId),
      consoleLogPath: this.folders.consoleLog(spec.vmId),
      fence,
    });
    await this.hypervisor.use('define-domain', ({ domains }) => domains.defineXml(xml));
  }

  /** @param deadline epoch ms after which nobody waits: libvirt is not asked for longer */
  async start(vmId: string, deadline: number): Promise<DomainPower> {
    const domain = await this.domains.get(vmId);
    const power = await this.domains.power(domain);
    if (power === 'shutting-down') throw new DomainError('VM_BUSY', { vmId, power });
    if (!isOff(power)) return power;
    await this.filters.requireFor(vmId);
    // The folder is gone after a reboot of the host when it is in memory.
    await this.folders.ensure(vmId);
    await this.tolerate(
      'start-domain',
      domain,
      () => domain.create({ timeoutMs: Math.min(START_TIMEOUT_MS, timeLeft(deadline)) }),
      (now) => !isOff(now),
    );
    return this.domains.power(domain);
  }

  /** The power button: the guest decides when, and whether, it goes off. */
  async shutdown(vmId: string, deadline: number): Promise<DomainPower> {
    const domain = await this.domains.get(vmId);
    const power = await this.domains.power(domain);
    if (isOff(power)) return power;
    await this.tolerate('shut-down-domain', domain, () => domain.shutdown({ timeoutMs: timeLeft(deadline) }), isOff);
    return this.domains.power(domain);
  }

  async forceOff(vmId: string, deadline: number): Promise<DomainPower> {
    const domain = await this.domains.get(vmId);
    const power = await this.domains.power(domain);
    if (isOff(power)) return power;
    await this.tolerate('destroy-domain', domain, () => domain.destroy({ timeoutMs: timeLeft(deadline) }), isOff);
    return this.domains.power(domain);
  }

  /** @returns whether there was a domain */
  async undefine(vmId: string): Promise<boolean> {
    const domain = await this.domains.find(vmId);
    if (domain !== undefined) {
      await this.requireOff(vmId);
      const { driver } = await this.host.capabilities();
      const always = { managedSave: true, snapshotsMetadata: true };
      const flags = driver.toLowerCase() === 'test' ? always : { ...always, nvram: true, checkpointsMetadata: true };
      await this.hypervisor.find('undefine-domain', 'NO_DOMAIN', () => domain.undefine(flags));
    }
    await this.folders.remove(vmId);
    return domain !== undefined;
  }

  /** @throws DomainError VM_BUSY while the domain runs */
  async requireOff(vmId: string): Promise<void> {
    const observed = await this.domains.observe(vmId);
    if (observed !== undefined && !isOff(observed.power))
      throw new DomainError('VM_BUSY', { vmId, power: observed.power });
  }

  /** A call that libvirt finds invalid because what it should bring about has just come about has succeeded. */
  private async tolerate(
    call: string,
    domain: Domain,
    work: () => Promise<void>,
    isDone: (power: DomainPower) => boolean,
  ): Promise<void> {
    try {
      await this.hypervisor.use(call, work);
    } catch (error) {
      if (libvirtCodeOf(error) !== 'OPERATION_INVALID' || !isDone(await this.domains.power(domain))) throw error;
    }
  }
}

/** At least a moment: what libvirt does at once is done though the queue took all of the time. */
const timeLeft = (deadline: number): number => Math.max(SHORTEST_TIMEOUT_MS, deadline - ANSWER_MS - Date.now());
