import { join } from 'node:path';
import {
  DomainError,
  MAX_FILTER_DIFFERENCES,
  type FilterDifference,
  type FilterSpec,
  type FilterStatus,
  type ReplyOf,
  type inspectFilter,
  type verifyFilter,
} from '@infinibay/contracts';
import { requireOrderable, revisionOfMarker, vmFilterName, type DomainInterface } from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HostFactsReader } from '../host/host-facts.js';
import { KernelRulesReader } from '../kernel/kernel-rules.reader.js';
import { DomainRepository } from '../domains/domain.repository.js';
import type { Deadline } from '../work/deadline.js';
import { FenceStore } from '../work/fence-store.js';
import { FilterEnforcement } from './filter-enforcement.js';
import { kernelRulesOf } from './kernel-rules.js';
import { NwFilterRepository, isDefinitionOf, type FilterDefinition } from './nwfilter.repository.js';

const SHOWN_IN_ERROR = 5;

/** Packet filters of VMs: defined in libvirt, and compared with what the kernel does. */
@Injectable()
export class FilterService {
  private readonly revisions: FenceStore;

  constructor(
    private readonly host: HostFactsReader,
    private readonly domains: DomainRepository,
    private readonly definitions: NwFilterRepository,
    private readonly enforcement: FilterEnforcement,
    private readonly kernel: KernelRulesReader,
    @Inject(AGENT_CONFIG) config: AgentConfig,
  ) {
    this.revisions = new FenceStore(join(config.STATE_DIR, 'filters'));
  }

  /**
   * Makes the host enforce the rules, also those that it has already: that is how rules come back that somebody changed.
   * An older revision changes nothing: the answer is what the host has.
   * @throws DomainError INVALID_INPUT for rules that libvirt can't keep in their order, FILTER_NOT_ENFORCED
   */
  async ensure(spec: FilterSpec, deadline: Deadline): Promise<FilterStatus> {
    if (!(await this.isSupported())) return 'UNSUPPORTED';
    requireOrderable(spec.rules);
    const newest = await this.revisions.get(spec.vmId);
    if (spec.revision < newest) return this.statusOf(spec.vmId, newest);
    deadline.check();
    // Before it is applied: were this one half done when the agent is killed, an older one must not come after it.
    await this.revisions.raise(spec.vmId, spec.revision);
    if (await this.isMended(spec)) return 'APPLIED';
    const left = await this.enforcement.enforce(spec.vmId, await this.definitions.define(spec, deadline));
    if (left.length > 0) throw notEnforced(left, spec.vmId);
    return 'APPLIED';
  }

  /** @returns whether there was one */
  async remove(vmId: string, deadline: Deadline): Promise<boolean> {
    if (!(await this.isSupported())) return false;
    const removed = await this.definitions.remove(vmId, deadline);
    await this.revisions.forget(vmId);
    return removed;
  }

  /** Changes nothing. */
  async verify(spec: FilterSpec): Promise<ReplyOf<typeof verifyFilter>> {
    if (!(await this.isSupported())) return { status: 'UNSUPPORTED', differences: [], differenceCount: 0 };
    const differences = await this.differencesFrom(spec);
    return {
      status: differences.length === 0 ? 'APPLIED' : 'DRIFTED',
      differences: differences.slice(0, MAX_FILTER_DIFFERENCES),
      differenceCount: differences.length,
    };
  }

  /** What libvirt has bound and what the kernel holds. FAILED: a guest runs without the whole of its filter. */
  async inspect(vmId: string): Promise<ReplyOf<typeof inspectFilter>> {
    if (!(await this.isSupported())) return { status: 'UNSUPPORTED', interfaces: [] };
    const [definition, cards] = await Promise.all([
      this.definitions.find(vmFilterName(vmId)),
      this.domains.interfaces(vmId, false),
    ]);
    const running = cards.flatMap(({ device, mac }) => (device === undefined ? [] : [{ device, mac }]));
    if (running.length === 0) return { status: definition === undefined ? 'PENDING' : 'APPLIED', interfaces: [] };
    const rules = await this.kernel.read();
    const read = () => Promise.resolve(rules);
    const isWhole =
      definition !== undefined && (await this.enforcement.differences(vmId, definition, read)).length === 0;
    const interfaces = running.map(({ device, mac }) => ({ device, mac, kernelRules: kernelRulesOf(device, rules) }));
    return { status: isWhole ? 'APPLIED' : 'FAILED', interfaces };
  }

  /**
   * @param cards that are to run now; those of its definition when left out
   * @throws DomainError FILTER_MISSING when one of them would be without a filter of ours, FILTER_NOT_ENFORCED when
   * something keeps the kernel from asking filters at all
   */
  async requireFor(vmId: string, cards?: readonly Pick<DomainInterface, 'mac' | 'filterName'>[]): Promise<void> {
    if (!(await this.isSupported())) return;
    for (const { filterName, mac } of cards ?? (await this.domains.interfaces(vmId, true))) {
      if (filterName === undefined || (await this.definitions.find(filterName)) === undefined)
        throw new DomainError('FILTER_MISSING', { vmId, mac, filterName: filterName ?? null });
    }
    const left = await this.enforcement.enforceHost();
    if (left.length > 0) throw notEnforced(left, vmId);
  }

  /**
   * Without a new definition, which libvirt takes seconds to apply.
   * @throws DomainError FILTER_NOT_ENFORCED when a new one would not help either
   */
  private async isMended(spec: FilterSpec): Promise<boolean> {
    const definition = await this.definitions.find(vmFilterName(spec.vmId));
    if (definition === undefined || !isDefinitionOf(spec, definition)) return false;
    await this.definitions.defineBaseFilters();
    const left = await this.enforcement.enforce(spec.vmId, definition);
    if (left.length > 0 && left.every(isOutsideLibvirt)) throw notEnforced(left, spec.vmId);
    return left.length === 0;
  }

  private async differencesFrom(spec: FilterSpec): Promise<FilterDifference[]> {
    const name = vmFilterName(spec.vmId);
    const definition = await this.definitions.find(name);
    if (definition !== undefined && isDefinitionOf(spec, definition))
      return this.enforcement.differences(spec.vmId, definition);
    const actual = definition === undefined ? null : describe(definition);
    return [{ path: `libvirt/nwfilter/${name}`, expected: `revision ${spec.revision}`, actual }];
  }

  /** APPLIED when this revision is what the host has, and has whole. */
  private async statusOf(vmId: string, revision: number): Promise<FilterStatus> {
    const [definition, { status }] = await Promise.all([this.definitions.find(vmFilterName(vmId)), this.inspect(vmId)]);
    const isThis = definition !== undefined && revisionOfMarker(definition.marker) === revision;
    return status === 'APPLIED' && !isThis ? 'PENDING' : status;
  }

  private async isSupported(): Promise<boolean> {
    return (await this.host.capabilities()).nwfilter;
  }
}

/** Whether a definition would change nothing of it: libvirt makes rules, and neither their tables nor what leads round them. */
const isOutsideLibvirt = ({ path }: FilterDifference): boolean => !/^(?:iptables|ebtables|libvirt)\//.test(path);

const describe = ({ marker, ruleCount }: FilterDefinition): string =>
  `revision ${revisionOfMarker(marker) ?? 'unknown'} with ${ruleCount} rules`;

const notEnforced = (differences: readonly FilterDifference[], vmId: string): DomainError =>
  new DomainError('FILTER_NOT_ENFORCED', {
    vmId,
    differences: differences.slice(0, SHOWN_IN_ERROR),
    differenceCount: differences.length,
  });
