import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  DomainError,
  type FilterSpec,
  type FilterStatus,
  type ReplyOf,
  type inspectFilter,
} from '@infinibay/contracts';
import {
  baseFilterXmls,
  filterFacts,
  filterMarker,
  filterXml,
  requireOrderable,
  revisionOfMarker,
  vmFilterName,
  type DomainInterface,
  type FilterFacts,
} from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HostFactsReader } from '../hypervisor/host-facts.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { OncePerConnection } from '../hypervisor/once-per-connection.js';
import { KernelRulesReader } from '../kernel/kernel-rules.reader.js';
import { DomainRepository } from '../vms/domain.repository.js';
import type { Deadline } from '../work/deadline.js';
import { HighestSeen } from '../work/highest-seen.js';
import { isEnforced, kernelRulesOf } from './kernel-rules.js';

const LONGEST_CALL_MS = 30_000;

type RunningInterface = DomainInterface & { readonly device: string };

/** Packet filters of VMs: defined in libvirt, and looked up in the kernel afterwards. */
@Injectable()
export class FilterService {
  private readonly baseFilters: OncePerConnection<void>;
  private readonly revisions: HighestSeen;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly host: HostFactsReader,
    private readonly domains: DomainRepository,
    private readonly kernel: KernelRulesReader,
    @Inject(AGENT_CONFIG) config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.baseFilters = new OncePerConnection(hypervisor, () => this.defineBaseFilters());
    this.revisions = new HighestSeen(join(config.STATE_DIR, 'filters'));
  }

  /**
   * Makes the host enforce the rules. The revision in force is applied again: that is how rules come back that somebody
   * has flushed. An older one changes nothing: the answer is what the host has.
   * @throws DomainError INVALID_INPUT for rules that libvirt can't keep in their order
   */
  async ensure(spec: FilterSpec, deadline: Deadline): Promise<FilterStatus> {
    if (!(await this.host.capabilities()).nwfilter) return 'UNSUPPORTED';
    requireOrderable(spec.rules);
    const newest = await this.revisions.get(spec.vmId);
    if (spec.revision < newest) return this.statusOf(spec.vmId, newest);
    deadline.check();
    // Before it is applied: were this one half done when the agent is killed, an older one must not come after it.
    await this.revisions.raise(spec.vmId, spec.revision);
    await this.baseFilters.get();
    const marker = filterMarker(spec.revision, randomBytes(4).toString('hex'));
    await this.define(spec, marker, deadline);
    await this.requireEnforced(spec.vmId, marker);
    return 'APPLIED';
  }

  /** @returns whether there was one */
  async remove(vmId: string, deadline: Deadline): Promise<boolean> {
    if (!(await this.host.capabilities()).nwfilter) return false;
    const filter = await this.lookUp(vmFilterName(vmId));
    if (filter !== undefined) {
      await this.hypervisor
        .find('undefine-filter', 'NO_NWFILTER', () => filter.undefine(within(deadline)))
        .catch((error: unknown) => {
          if (libvirtCodeOf(error) === 'OPERATION_INVALID')
            throw new DomainError('VM_BUSY', { vmId }, { cause: error });
          throw error;
        });
    }
    await this.revisions.forget(vmId);
    return filter !== undefined;
  }

  /** What libvirt has bound and what the kernel holds. FAILED: a guest runs without the whole of its filter. */
  async inspect(vmId: string): Promise<ReplyOf<typeof inspectFilter>> {
    if (!(await this.host.capabilities()).nwfilter) return { status: 'UNSUPPORTED', interfaces: [] };
    const [marker, running] = await Promise.all([this.markerOf(vmFilterName(vmId)), this.running(vmId)]);
    if (running.length === 0) return { status: marker === undefined ? 'PENDING' : 'APPLIED', interfaces: [] };
    const tables = await this.kernel.readFresh();
    const enforced = marker !== undefined && running.every(({ device }) => isEnforced(device, marker, tables));
    const interfaces = running.map(({ device, mac }) => ({ device, mac, kernelRules: kernelRulesOf(device, tables) }));
    return { status: enforced ? 'APPLIED' : 'FAILED', interfaces };
  }

  /** @throws DomainError FILTER_MISSING when a card of the definition would start without a filter of ours */
  async requireFor(vmId: string): Promise<void> {
    if (!(await this.host.capabilities()).nwfilter) return;
    for (const { filterName, mac } of await this.domains.interfaces(vmId, true)) {
      if (filterName === undefined || (await this.markerOf(filterName)) === undefined) {
        throw new DomainError('FILTER_MISSING', { vmId, mac, filterName: filterName ?? null });
      }
    }
  }

  /** APPLIED when this revision is what the host has, and has whole. */
  private async statusOf(vmId: string, revision: number): Promise<FilterStatus> {
    const [marker, { status }] = await Promise.all([this.markerOf(vmFilterName(vmId)), this.inspect(vmId)]);
    const isThis = marker !== undefined && revisionOfMarker(marker) === revision;
    return status === 'APPLIED' && !isThis ? 'PENDING' : status;
  }

  private async define(spec: FilterSpec, marker: string, deadline: Deadline): Promise<void> {
    const name = vmFilterName(spec.vmId);
    const uuid = (await this.lookUp(name))?.uuid;
    const xml = filterXml(spec, { marker, uuid });
    const filter = await this.hypervisor.use('define-filter', ({ nwFilters }) =>
      nwFilters.defineXml(xml, within(deadline)),
    );
    const written = filterFacts(await this.hypervisor.use('read-filter', () => filter.xmlDesc()));
    requireSame(written, filterFacts(xml), marker, spec.vmId);
  }

  /** A filter that no guest uses yet is enforced when the guest starts. */
  private async requireEnforced(vmId: string, marker: string): Promise<void> {
    const running = await this.running(vmId);
    if (running.length === 0) return;
    const tables = await this.kernel.readFresh();
    const open = running.filter(({ device }) => !isEnforced(device, marker, tables)).map(({ device }) => device);
    if (open.length > 0)
      throw new DomainError('HYPERVISOR_ERROR', { vmId, reason: 'the kernel does not have the rules', devices: open });
    this.logger.info(
      { vmId, marker, devices: running.map(({ device }) => device) },
      'filter applied to a running guest',
    );
  }

  private async running(vmId: string): Promise<RunningInterface[]> {
    const name = vmFilterName(vmId);
    const interfaces = await this.domains.interfaces(vmId, false);
    return interfaces.filter((card): card is RunningInterface => card.device !== undefined && card.filterName === name);
  }

  private lookUp(name: string) {
    return this.hypervisor.find('find-filter', 'NO_NWFILTER', ({ nwFilters }) => nwFilters.lookupByName(name));
  }

  private async markerOf(name: string): Promise<string | undefined> {
    const filter = await this.lookUp(name);
    if (filter === undefined) return undefined;
    const xml = await this.hypervisor.find('read-filter', 'NO_NWFILTER', () => filter.xmlDesc());
    return xml === undefined ? undefined : filterFacts(xml).marker;
  }

  private async defineBaseFilters(): Promise<void> {
    for (const { xml } of baseFilterXmls())
      await this.hypervisor.use('define-filter', ({ nwFilters }) => nwFilters.defineXml(xml));
  }
}

const within = (deadline: Deadline): { readonly timeoutMs: number } => ({
  timeoutMs: deadline.timeoutMs(LONGEST_CALL_MS),
});

const requireSame = (written: FilterFacts, wanted: FilterFacts, marker: string, vmId: string): void => {
  const same =
    written.marker === marker &&
    written.rules === wanted.rules &&
    written.references.length === wanted.references.length;
  if (!same)
    throw new DomainError('HYPERVISOR_ERROR', { vmId, reason: 'libvirt reads back another filter than it was given' });
};
