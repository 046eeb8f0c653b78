import {
  DomainError,
  DomainPower,
  type ObservedLinks,
  type ObservedSizes,
  type ObservedVm,
} from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import {
  diskFilesOf,
  domainSizesOf,
  hasPluggedVcpus,
  interfacesOf,
  isOfRunningDomain,
  portLinksOf,
  vmIdOfDomain,
  type DomainInterface,
} from '@infinibay/libvirt-xml';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import type { Deadline } from '../work/deadline.js';
import { observedVms, powerOf, reasonOf } from './domain-power.js';

const LIST_TIMEOUT_MS = 8_000;

/** What libvirt has of a VM: its definition, and what runs; null: there is none. */
interface Documents {
  readonly definition: string | null;
  readonly live: string | null;
}

/** Domains of ours, by VM id. A domain with the UUID of a VM but another name is somebody else's. */
@Injectable()
export class DomainRepository {
  private readonly byPower: Gauge<'power'>;

  constructor(
    private readonly hypervisor: Hypervisor,
    metrics: MetricsRegistry,
  ) {
    this.byPower = metrics.gauge('infinibay_domains', 'VMs that libvirt lists, by power state', ['power']);
  }

  async list(): Promise<ObservedVm[]> {
    const listed = await this.hypervisor.use('list-domains', ({ domains }) =>
      domains.list({ timeoutMs: LIST_TIMEOUT_MS }),
    );
    const vms = observedVms(listed);
    for (const power of DomainPower.options) this.byPower.set({ power }, vms.filter((vm) => vm.power === power).length);
    return vms;
  }

  /** Never waits for the guest. */
  async find(vmId: string, deadline: Deadline): Promise<Domain | undefined> {
    const domain = await this.hypervisor.find('find-domain', 'NO_DOMAIN', ({ domains }) =>
      domains.lookupByUuid(vmId, { timeoutMs: deadline.timeoutMs() }),
    );
    if (domain !== undefined && vmIdOfDomain({ uuid: vmId, name: domain.name ?? '' }) === undefined) {
      throw new DomainError('HYPERVISOR_ERROR', { vmId, reason: 'a domain that is not ours has this UUID' });
    }
    return domain;
  }

  /** @throws DomainError VM_NOT_FOUND */
  async get(vmId: string, deadline: Deadline): Promise<Domain> {
    const domain = await this.find(vmId, deadline);
    if (domain === undefined) throw new DomainError('VM_NOT_FOUND', { vmId });
    return domain;
  }

  /** undefined when there is no domain. */
  observe(vmId: string, deadline: Deadline): Promise<ObservedVm | undefined> {
    return this.hypervisor.find('read-domain-state', 'NO_DOMAIN', async ({ domains }) => {
      const state = await domains.handle(vmId).state({ timeoutMs: deadline.timeoutMs() });
      return { vmId, power: powerOf(state), reason: reasonOf(state) };
    });
  }

  async power(domain: Domain, deadline: Deadline): Promise<DomainPower> {
    const read = () => domain.state({ timeoutMs: deadline.timeoutMs() });
    return powerOf(await this.hypervisor.use('read-domain-state', read));
  }

  /** How large a VM is, without a word to the guest; nothing of one that there is not. */
  async sizes(vmId: string, deadline: Deadline): Promise<ObservedSizes> {
    return readBoth(await this.documents(vmId, deadline), domainSizesOf);
  }

  /** Which of its cards have a link; nothing of one that there is not. */
  async links(vmId: string, deadline: Deadline): Promise<ObservedLinks> {
    return readBoth(await this.documents(vmId, deadline), portLinksOf);
  }

  /** Both, by one look. */
  async measure(
    vmId: string,
    deadline: Deadline,
  ): Promise<{ readonly sizes: ObservedSizes; readonly links: ObservedLinks }> {
    const documents = await this.documents(vmId, deadline);
    return { sizes: readBoth(documents, domainSizesOf), links: readBoth(documents, portLinksOf) };
  }

  private async documents(vmId: string, deadline: Deadline): Promise<Documents> {
    const read = (inactive: boolean) =>
      this.hypervisor.find('read-domain', 'NO_DOMAIN', ({ domains }) =>
        domains.handle(vmId).xmlDesc({ inactive, timeoutMs: deadline.timeoutMs() }),
      );
    const now = await read(false);
    if (now === undefined) return { definition: null, live: null };
    if (!isOfRunningDomain(now)) return { definition: now, live: null };
    return { definition: (await read(true)) ?? null, live: now };
  }

  /**
   * Changes a definition, with its secrets, which would be gone from it otherwise. Written whole: not every driver changes
   * single devices of a definition. Those of one VM are changed one at a time.
   */
  async redefine(domain: Domain, deadline: Deadline, change: (xml: string) => string): Promise<void> {
    const definition = await this.hypervisor.use('read-domain', () =>
      domain.xmlDesc({ inactive: true, secure: true, timeoutMs: deadline.timeoutMs() }),
    );
    const changed = change(definition);
    if (changed === definition) return;
    deadline.check();
    await this.hypervisor.use('define-domain', ({ domains }) =>
      domains.defineXml(changed, { timeoutMs: deadline.timeoutMs() }),
    );
  }

  /** Files of the disks that the domain is defined with, or runs with unless `inactive`. Empty when there is no domain. */
  async diskFiles(vmId: string, deadline: Deadline, inactive = true): Promise<string[]> {
    return diskFilesOf(await this.xmlOf(vmId, inactive, deadline));
  }

  /** As it is defined, or as it runs unless `inactive`. Empty when there is no domain. */
  async xmlOf(vmId: string, inactive: boolean, deadline: Deadline): Promise<string> {
    const xml = await this.hypervisor.find('read-domain', 'NO_DOMAIN', ({ domains }) =>
      domains.handle(vmId).xmlDesc({ inactive, timeoutMs: deadline.timeoutMs() }),
    );
    return xml ?? '';
  }

  /** libvirt keeps memory of it, which its next start brings back. */
  async hasSavedMemory(vmId: string, deadline: Deadline): Promise<boolean> {
    const has = await this.hypervisor.find('find-saved-memory', 'NO_DOMAIN', ({ domains }) =>
      domains.handle(vmId).hasManagedSave({ timeoutMs: deadline.timeoutMs() }),
    );
    return has === true;
  }

  /**
   * The machine whose memory libvirt keeps: it is what the next start brings back, whatever the definition says.
   * @returns null where the driver does not tell; undefined when there is none, or none that libvirt can read
   */
  async savedMachine(vmId: string, deadline: Deadline): Promise<string | null | undefined> {
    if (!(await this.hasSavedMemory(vmId, deadline))) return undefined;
    try {
      return await this.hypervisor.use('read-saved-memory', ({ domains }) =>
        domains.handle(vmId).managedSaveXml({ timeoutMs: deadline.timeoutMs() }),
      );
    } catch (error) {
      const code = libvirtCodeOf(error);
      // The test driver keeps nothing that could be damaged.
      if (code === 'NO_SUPPORT') return null;
      // What libvirt died over is a file all the same, which it does not read.
      if (code === 'OPERATION_FAILED' || code === 'INTERNAL_ERROR') return undefined;
      throw error;
    }
  }

  /** @throws DomainError VM_MEMORY_SAVED: its disk lacks what its guest still has in memory, and fits it as it is now */
  async requireNoSavedMemory(vmId: string, deadline: Deadline): Promise<void> {
    if (await this.hasSavedMemory(vmId, deadline)) throw new DomainError('VM_MEMORY_SAVED', { vmId });
  }

  /** Processors were plugged in since it was started. */
  async hasPluggedVcpus(vmId: string, deadline: Deadline): Promise<boolean> {
    const xml = await this.hypervisor.use('read-domain', ({ domains }) =>
      domains.handle(vmId).xmlDesc({ timeoutMs: deadline.timeoutMs() }),
    );
    return hasPluggedVcpus(xml);
  }

  /** Cards of the running domain with their taps; of the definition when `inactive`. Empty when there is no domain. */
  async interfaces(vmId: string, inactive: boolean, deadline?: Deadline): Promise<DomainInterface[]> {
    const xml = await this.hypervisor.find('read-domain', 'NO_DOMAIN', ({ domains }) =>
      domains.handle(vmId).xmlDesc({ inactive, timeoutMs: deadline?.timeoutMs() }),
    );
    return xml === undefined ? [] : interfacesOf(xml);
  }
}

const readBoth = <T>(
  { definition, live }: Documents,
  read: (xml: string) => T,
): { readonly definition: T | null; readonly live: T | null } => ({
  definition: definition === null ? null : read(definition),
  live: live === null ? null : read(live),
});
