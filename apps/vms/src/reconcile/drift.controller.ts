import { hostPortLinksObserved, hostVmsMeasured, type ReportDataOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { HandlesReport } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Controller, Inject } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Vm } from '../generated/prisma/client.js';
import { areOtherLinks, driftIn, sizesAsObserved, sizesOf } from '../vms/vm-spec.js';
import { HostClient } from './host.client.js';
import { SettledVmRepository } from './settled-vm.repository.js';

/**
 * Compares how large VMs are on their hosts, and which of their ports have a link, with what they are declared to be, and
 * shows what somebody else made of them. It brings nothing back. Nothing is written of a VM that is as it is known.
 */
@Controller()
export class DriftController {
  private readonly found: Counter<'what'>;
  private readonly looking = new Set<string>();

  constructor(
    private readonly vms: SettledVmRepository,
    private readonly hosts: HostClient,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.found = metrics.counter(
      'infinibay_vm_drift_total',
      'VMs that were found to be otherwise than declared on their hosts (found), and to be so no longer (over)',
      ['what'],
    );
  }

  @Authorize()
  @HandlesReport(hostVmsMeasured)
  async measured({ hostId, vms }: ReportDataOf<typeof hostVmsMeasured>): Promise<void> {
    const measured = new Map(vms.map(({ vmId, ...sizes }) => [vmId, sizes]));
    for (const vm of await this.vms.restingOn(hostId, [...measured.keys()])) {
      const sizes = measured.get(vm.id);
      if (sizes !== undefined && sizesAsObserved(vm, { want: sizesOf(vm), have: sizes }) !== null) await this.look(vm);
    }
  }

  @Authorize()
  @HandlesReport(hostPortLinksObserved)
  async linksObserved({ hostId, vms }: ReportDataOf<typeof hostPortLinksObserved>): Promise<void> {
    const observed = new Map(vms.map(({ vmId, ...links }) => [vmId, links]));
    for (const vm of await this.vms.restingOn(hostId, [...observed.keys()])) {
      const links = observed.get(vm.id);
      if (links !== undefined && areOtherLinks(vm, links)) await this.look(vm);
    }
  }

  /** A report may be older than what a worker has done since: what is shown is what the host tells now, of a VM that rests. */
  private async look(vm: Vm): Promise<void> {
    if (this.looking.has(vm.id)) return;
    this.looking.add(vm.id);
    try {
      const change = sizesAsObserved(vm, await this.hosts.compare({ vm, open: null }));
      if (change !== null && (await this.vms.showSizes(vm, change))) this.tell(vm, driftIn(change));
    } catch (error) {
      this.logger.warn({ err: error, vmId: vm.id }, 'a VM could not be compared; the next report does it');
    } finally {
      this.looking.delete(vm.id);
    }
  }

  private tell(vm: Vm, drift: ReturnType<typeof driftIn>): void {
    const before = driftIn(vm);
    if (drift.length > 0) {
      this.logger.warn({ vmId: vm.id, hostId: vm.hostId, drift }, 'drift found: a VM is not as it is declared');
      if (before.length === 0) this.found.inc({ what: 'found' });
    } else if (before.length > 0) {
      this.logger.info({ vmId: vm.id, hostId: vm.hostId }, 'drift is over: a VM is as it is declared');
      this.found.inc({ what: 'over' });
    }
  }
}
