import {
  hostDisksChecked,
  hostHeartbeat,
  hostVmPowerChanged,
  hostVmsRelisted,
  type EventDataOf,
  type EventEnvelope,
  type ObservedVm,
  type ReportDataOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { HandlesEvent, HandlesReport } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { isOff } from '@infinibay/vms-domain';
import { Inject, Controller } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { HostRepository } from '../hosts/host.repository.js';
import { NewestOnly } from './newest-only.js';
import { Reconciler } from './reconciler.js';
import { SettledVmRepository } from './settled-vm.repository.js';

type Heartbeat = ReportDataOf<typeof hostHeartbeat>;

/** Compares what hosts report with what we believe, and puts every VM that differs to the reconciler. */
@Controller()
export class HostReportController {
  private readonly strangers: Gauge<'host_id'>;
  /** All of one host write its row: more than one at a time would hold connections that people wait for. */
  private readonly heartbeats = new NewestOnly<Heartbeat>((report) => this.compare(report));

  constructor(
    private readonly hosts: HostRepository,
    private readonly vms: SettledVmRepository,
    private readonly reconciler: Reconciler,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.strangers = metrics.gauge('infinibay_unknown_domains', 'Domains of ours on a host that no VM explains', [
      'host_id',
    ]);
  }

  @Authorize()
  @HandlesReport(hostHeartbeat)
  async heartbeat(report: Heartbeat): Promise<void> {
    await this.heartbeats.take(report.inventory.hostId, report);
  }

  private async compare(report: Heartbeat): Promise<void> {
    const { hostId } = report.inventory;
    await this.hosts.record(report.inventory);
    const observed = new Map(report.vms.map((vm) => [vm.vmId, vm]));
    const settled = await this.vms.ofHost(hostId);
    const differing = settled.filter((vm) => differs(vm.state, observed.get(vm.id))).map((vm) => vm.id);
    await this.reconciler.enqueue(differing);
    await this.countStrangers(hostId, [...observed.keys()]);
  }

  /** Earlier than the heartbeat, and only a hint: the worker looks for itself. */
  @Authorize()
  @HandlesReport(hostVmPowerChanged)
  async powerChanged(report: ReportDataOf<typeof hostVmPowerChanged>): Promise<void> {
    const vm = await this.vms.find(report.vm.vmId);
    if (vm !== null && (vm.state === 'STOPPING' || differs(vm.state, report.vm)))
      await this.reconciler.enqueue([vm.id]);
  }

  /** A VM whose disk is not what it must be is put to the reconciler, and so is one whose disk has come back. */
  @Authorize()
  @HandlesReport(hostDisksChecked)
  async disksChecked({ hostId, problems }: ReportDataOf<typeof hostDisksChecked>): Promise<void> {
    const codes = new Map(problems.map(({ vmId, code }) => [vmId, code]));
    const differing = await this.vms.withDisks(hostId, [...codes.keys()]);
    const changed = differing.filter((vm) => vm.state !== 'ERROR' || vm.errorCode !== codes.get(vm.id));
    await this.reconciler.enqueue(changed.map((vm) => vm.id));
  }

  /** The agent came, or its link to libvirt: whoever waits after failures because of that need not wait any longer. */
  @Authorize()
  @HandlesEvent(hostVmsRelisted, 'host-relisted')
  async relisted({ data: { hostId } }: EventEnvelope<EventDataOf<typeof hostVmsRelisted>>): Promise<void> {
    const count = await this.reconciler.hostIsBack(hostId);
    if (count > 0) this.logger.info({ hostId, vms: count }, 'the host is back; what failed on it is tried again');
  }

  private async countStrangers(hostId: string, ids: string[]): Promise<void> {
    const living = await this.vms.living(ids);
    const strangers = ids.filter((id) => !living.has(id));
    this.strangers.set({ host_id: hostId }, strangers.length);
    if (strangers.length > 0) await this.removeLeftovers(strangers);
  }

  /** A domain of a VM that we deleted (its removal was cut short by a disaster) is removed; one that we never knew is left alone. */
  private async removeLeftovers(ids: string[]): Promise<void> {
    const count = await this.vms.removeAgain(ids);
    if (count > 0) this.logger.warn({ ids }, 'deleted VMs still have domains; removing them');
  }
}

const differs = (state: string, observed: ObservedVm | undefined): boolean => {
  const power = observed?.power ?? null;
  switch (state) {
    case 'RUNNING':
      return isOff(power) || power === 'paused';
    case 'PAUSED':
      return power !== 'paused';
    case 'STOPPED':
      return !isOff(power);
    default:
      return false;
  }
};
