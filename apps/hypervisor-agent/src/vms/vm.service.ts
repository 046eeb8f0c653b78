import { DomainError, type VmHardware, type VmSpec } from '@infinibay/contracts';
import { domainXml, type TunedVm } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { HostFactsReader } from '../host/host-facts.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import type { Deadline } from '../work/deadline.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { DomainDisks } from './domain-disks.js';
import { GuestFolders } from './guest-folders.js';
import { SnapshotTraces } from './snapshot-traces.js';

/**
 * Makes and forgets the domain of a VM. "Already so" is success everywhere. Nothing is changed after the deadline:
 * who asked may have decided otherwise since.
 */
@Injectable()
export class VmService {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly host: HostFactsReader,
    private readonly domains: DomainRepository,
    private readonly disks: DomainDisks,
    private readonly folders: GuestFolders,
    private readonly traces: SnapshotTraces,
  ) {}

  /**
   * @param hardware as every VM always was when left out
   * @param tuned whatever memory and CPUs the host gives it, and no room, when left out
   * @throws DomainError UNSUPPORTED_BY_DRIVER where there are no guests that could be made of it
   */
  async define(spec: VmSpec, fence: number, deadline: Deadline, hardware?: VmHardware, tuned?: TunedVm): Promise<void> {
    const { virtType } = await this.host.capabilities();
    if (hardware !== undefined && virtType === 'test') throw new DomainError('UNSUPPORTED_BY_DRIVER', { virtType });
    // libvirt would take the definition, and refuse its start.
    if (hardware?.cpuModel === 'HOST_PASSTHROUGH' && virtType !== 'kvm')
      throw new DomainError('UNSUPPORTED_BY_DRIVER', { virtType, cpuModel: hardware.cpuModel });
    await this.domains.find(spec.vmId, deadline);
    await this.disks.settleMoves(spec.vmId, deadline);
    deadline.check();
    await this.folders.ensure(spec.vmId);
    const xml = domainXml(spec, {
      virtType,
      diskPath: this.disks.pathOf(spec.vmId),
      agentSocketPath: this.folders.agentSocket(spec.vmId),
      screenSocketPath: this.folders.screenSocket(spec.vmId),
      consoleLogPath: this.folders.consoleLog(spec.vmId),
      hardware,
      tuned,
      variablesPath: this.disks.variablesOf(spec.vmId, hardware),
      fence,
    });
    await this.hypervisor.use('define-domain', ({ domains }) =>
      domains.defineXml(xml, { timeoutMs: deadline.timeoutMs() }),
    );
  }

  /**
   * @param keepsVariables those of its firmware are another host's too
   * @returns whether there was a domain
   */
  async undefine(vmId: string, deadline: Deadline, keepsVariables = false): Promise<boolean> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain !== undefined) {
      await this.requireOff(vmId, deadline);
      await this.disks.settleMoves(vmId, deadline);
      await this.traces.removeFromVolumes(vmId, deadline);
      const { driver } = await this.host.capabilities();
      const always = { managedSave: true, snapshotsMetadata: true };
      const variables = keepsVariables ? { keepNvram: true } : { nvram: true };
      const flags = driver.toLowerCase() === 'test' ? always : { ...always, ...variables, checkpointsMetadata: true };
      await this.hypervisor.find('undefine-domain', 'NO_DOMAIN', () =>
        domain.undefine({ ...flags, timeoutMs: deadline.timeoutMs() }),
      );
    }
    deadline.check();
    await this.folders.remove(vmId);
    await this.traces.forget(vmId);
    return domain !== undefined;
  }

  /** @throws DomainError VM_BUSY while the domain runs */
  async requireOff(vmId: string, deadline: Deadline): Promise<void> {
    const observed = await this.domains.observe(vmId, deadline);
    if (observed !== undefined && !isOff(observed.power))
      throw new DomainError('VM_BUSY', { vmId, power: observed.power });
  }
}
