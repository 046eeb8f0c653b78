import type { DomainInterface } from '@infinibay/libvirt-xml';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { isOff } from './domain-power.js';
import { DomainRepository } from './domain.repository.js';

/**
 * Which cards run with which taps, as libvirt made them. A domain is read once for each of its lives: libvirt tells when
 * another begins, and when its devices change.
 */
@Injectable()
export class RunningCards {
  private readonly known = new Map<string, readonly DomainInterface[]>();
  /** Grows with all that libvirt tells: what was read before is of another time. */
  private changes = 0;

  constructor(
    hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
  ) {
    hypervisor.on('connected', () => this.forgetAll());
    hypervisor.on('domainEvent', (event) => {
      const vmId = vmIdOfDomain(event);
      this.changes += 1;
      if (vmId !== undefined) this.known.delete(vmId);
    });
  }

  /** Names of taps by the MAC of their cards, of every VM that runs now. */
  async taps(): Promise<ReadonlyMap<string, string>> {
    const running = (await this.domains.list()).filter(({ power }) => !isOff(power)).map(({ vmId }) => vmId);
    for (const vmId of this.known.keys()) if (!running.includes(vmId)) this.known.delete(vmId);
    const taps = new Map<string, string>();
    for (const vmId of running)
      for (const { mac, device } of await this.cardsOf(vmId))
        if (device !== undefined) taps.set(mac.toLowerCase(), device);
    return taps;
  }

  private async cardsOf(vmId: string): Promise<readonly DomainInterface[]> {
    const known = this.known.get(vmId);
    if (known !== undefined) return known;
    const before = this.changes;
    const cards = await this.domains.interfaces(vmId, false);
    if (this.changes === before) this.known.set(vmId, cards);
    return cards;
  }

  private forgetAll(): void {
    this.changes += 1;
    this.known.clear();
  }
}
