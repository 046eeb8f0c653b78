import { DomainError } from '@infinibay/contracts';
import { withDevice } from '@infinibay/libvirt-xml';
import type { Domain } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtMessageOf } from '../hypervisor/libvirt-errors.js';
import type { Deadline } from '../work/deadline.js';
import { isOff } from './domain-power.js';
import { DomainRepository } from './domain.repository.js';

/** A device of a domain that comes and goes, by what tells it there. */
export interface Device {
  /** What errors and the log say of it. */
  readonly about: { readonly kind: 'disk' | 'card' } & Readonly<Record<string, string | number>>;
  /** What is named to take it away from the domain; undefined: the domain does not have it. */
  readonly find: (domainXml: string) => string | undefined;
  readonly without: (definition: string) => string;
}

/** One that shall come. */
export interface NewDevice extends Device {
  /** As it is plugged into a domain that is so: what runs and its definition may have room for it in different places. */
  readonly xmlFor: (domainXml: string) => string;
}

/** QEMU's words when a guest was asked for a device before and has not let go of it yet. */
const ASKED_BEFORE = 'in the process of unplug';

/** Devices of domains. What a domain has is read from libvirt each time; "already so" is success. */
@Injectable()
export class DomainDevices {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * To the guest that runs and to the definition. A VM without a domain gets it with the definition of its next start.
   * @returns whether a running guest has it
   * @throws DomainError VM_MEMORY_SAVED, HYPERVISOR_ERROR
   */
  async attach(vmId: string, device: NewDevice, deadline: Deadline): Promise<boolean> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined) return false;
    const isOn = !isOff(await this.domains.power(domain, deadline));
    if (isOn) await this.plugIn(vmId, domain, device, deadline);
    if (!(await this.has(domain, device, true, deadline))) {
      if (!isOn) await this.requireAsSaved(vmId, device, true, deadline);
      await this.domains.redefine(domain, deadline, (definition) => withDevice(definition, device.xmlFor(definition)));
    }
    return isOn;
  }

  private async plugIn(vmId: string, domain: Domain, device: NewDevice, deadline: Deadline): Promise<void> {
    const { about, find, xmlFor } = device;
    const live = await this.read(domain, false, deadline);
    if (find(live) !== undefined) return;
    await this.hypervisor.use(`attach-${about.kind}`, () =>
      domain.attachDevice(xmlFor(live), { live: true, timeoutMs: deadline.timeoutMs() }),
    );
    if (!(await this.has(domain, device, false, deadline)))
      throw new DomainError('HYPERVISOR_ERROR', { vmId, ...about, reason: 'the guest does not have the device' });
    this.logger.info({ vmId, ...about }, 'device attached to the running guest');
  }

  /** @returns whether neither the guest nor the definition has it; false while the guest keeps it @throws DomainError VM_MEMORY_SAVED */
  async detach(vmId: string, device: Device, deadline: Deadline): Promise<boolean> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined) return true;
    const isOn = !isOff(await this.domains.power(domain, deadline));
    if (isOn && !(await this.askBack(domain, device, deadline))) return false;
    if (await this.has(domain, device, true, deadline)) {
      if (!isOn) await this.requireAsSaved(vmId, device, false, deadline);
      await this.domains.redefine(domain, deadline, device.without);
    }
    this.logger.info({ vmId, ...device.about }, 'device detached');
    return true;
  }

  /**
   * A guest whose memory is saved comes back with the devices that it had, and with what it knew of them.
   * @throws DomainError VM_MEMORY_SAVED
   */
  private async requireAsSaved(vmId: string, { find }: Device, isThere: boolean, deadline: Deadline): Promise<void> {
    const machine = await this.domains.savedMachine(vmId, deadline);
    if (typeof machine === 'string' && (find(machine) !== undefined) !== isThere)
      throw new DomainError('VM_MEMORY_SAVED', { vmId });
  }

  /** @returns whether the guest does not have it any more */
  private async askBack(domain: Domain, device: Device, deadline: Deadline): Promise<boolean> {
    const xml = device.find(await this.read(domain, false, deadline));
    if (xml === undefined) return true;
    try {
      await this.hypervisor.use(`detach-${device.about.kind}`, () =>
        domain.detachDevice(xml, { live: true, timeoutMs: deadline.timeoutMs() }),
      );
    } catch (error) {
      // It may have let go just then, or have been asked before.
      const isGone = !(await this.has(domain, device, false, deadline));
      if (!isGone && libvirtMessageOf(error)?.includes(ASKED_BEFORE) !== true) throw error;
    }
    return !(await this.has(domain, device, false, deadline));
  }

  /** @param inactive of the definition; of the running guest otherwise */
  private async has(domain: Domain, { find }: Device, inactive: boolean, deadline: Deadline): Promise<boolean> {
    return find(await this.read(domain, inactive, deadline)) !== undefined;
  }

  private read(domain: Domain, inactive: boolean, deadline: Deadline): Promise<string> {
    return this.hypervisor.use('read-domain', () => domain.xmlDesc({ inactive, timeoutMs: deadline.timeoutMs() }));
  }
}
