import {
  DomainError,
  ensureFilter,
  removeFilter,
  vmFilterApplied,
  vmFilterDrifted,
  type verifyFilter,
  type FilterStatus,
  type CompiledRule,
  type ReplyOf,
} from '@infinibay/contracts';
import { compileFilter } from '@infinibay/firewall-domain';
import { RequestClient } from '@infinibay/platform-messaging';
import { newEvent } from '@infinibay/platform-persistence';
import { hostFailure, type Effect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { VmFilter } from '../generated/prisma/client.js';
import { RuleRepository } from '../rules/rule.repository.js';
import { VmFilterRepository } from './vm-filter.repository.js';

/** Shorter than the 20 s that the caller of a protect waits. */
export const HOST_TIMEOUT_MS = 15_000;

export interface WantedFilter {
  readonly filter: VmFilter;
  readonly revision: number;
  readonly rules: CompiledRule[];
}

export interface AppliedFilter {
  readonly revision: number;
  readonly filterName: string | null;
  readonly status: 'APPLIED' | 'UNSUPPORTED';
}

/** Makes hosts have the filters that they should have, and records what came of it. */
@Injectable()
export class FilterApplicationService {
  constructor(
    private readonly change: Change,
    private readonly filters: VmFilterRepository,
    private readonly rules: RuleRepository,
    private readonly requests: RequestClient,
  ) {}

  /**
   * What the VM's host should enforce; null when the VM is not protected.
   * The revision is read before the rules: a change in between is then applied once more under its own revision.
   */
  async findWanted(vmId: string): Promise<WantedFilter | null> {
    const filter = await this.filters.find(vmId);
    if (filter === null) return null;
    const rules = await this.rules.listFor([filter.departmentId], [vmId]);
    return { filter, revision: filter.desiredRevision, rules: compileFilter(rules, vmId) };
  }

  /**
   * Sends the filter as it is now to the VM's host.
   * @param options.repaired whether the host had lost it: an event then tells, though nothing changed in the intent
   * @returns null when the VM is not protected (any more)
   * @throws DomainError HOST_UNAVAILABLE, HYPERVISOR_ERROR, … after recording the failure; a worker then tries again
   */
  async apply(vmId: string, options: { repaired?: boolean } = {}): Promise<AppliedFilter | null> {
    const wanted = await this.findWanted(vmId);
    if (wanted === null) return null;
    const { hostId } = wanted.filter;
    try {
      const applied = { revision: wanted.revision, ...appliedOrThrow(await this.send(wanted)) };
      const stillWanted = await this.change.run((tx) =>
        this.recordApplied(tx, wanted, applied, options.repaired ?? false),
      );
      // The VM went while the filter was on its way: nobody else would remove it.
      if (!stillWanted) await this.requests.call(removeFilter, { vmId }, { hostId, timeoutMs: HOST_TIMEOUT_MS });
      return stillWanted ? applied : null;
    } catch (error) {
      const failure = hostFailure(error);
      await this.change.run((tx) => this.recordFailure(tx, vmId, wanted.revision, failure.code));
      throw failure;
    }
  }

  /**
   * Sends the filter as it is now to a further host, of which nothing is recorded.
   * @returns null when the VM is not protected
   * @throws DomainError what the host answers
   */
  async sendTo(vmId: string, hostId: string): Promise<ReplyOf<typeof ensureFilter> | null> {
    const wanted = await this.findWanted(vmId);
    if (wanted === null) return null;
    try {
      return await this.send(wanted, hostId);
    } catch (error) {
      throw hostFailure(error);
    }
  }

  /**
   * Records that the host does something else than was applied, and tells it.
   * @returns whether the filter is still wanted in this revision, and was not applied anew since the host was asked
   */
  recordDrift(asked: WantedFilter, found: ReplyOf<typeof verifyFilter>): Promise<boolean> {
    const { filter, revision } = asked;
    const { vmId } = filter;
    return this.change.run(async (tx) => {
      const before = await this.filters.lock(tx, vmId);
      if (before?.status !== 'APPLIED' || before.appliedRevision !== revision) return GONE;
      if (before.appliedAt?.getTime() !== filter.appliedAt?.getTime()) return GONE;
      await this.filters.recordDrift(tx, vmId, found);
      const { differences, differenceCount } = found;
      const data = { vmId, revision, differences, differenceCount };
      const { departmentId } = before;
      const drifted = newEvent(vmFilterDrifted, { departmentId, resource: { kind: 'vm', id: vmId }, data });
      return { answer: true, events: [drifted] };
    });
  }

  /** Records that the host does what was applied. Told when it is the first such finding since cards of the VM appeared. */
  async recordProof({ filter: { vmId, bootsTold }, revision }: WantedFilter): Promise<void> {
    await this.change.run(async (tx) => {
      const before = await this.filters.lock(tx, vmId);
      if (before?.status !== 'APPLIED' || before.appliedRevision !== revision) return GONE;
      if (before.bootsProven >= bootsTold) return KNOWN;
      await this.filters.recordProof(tx, vmId, bootsTold);
      return before.bootsTold === bootsTold ? told(before, { revision, status: 'APPLIED', errorCode: null }) : KNOWN;
    });
  }

  private send(
    { filter, revision, rules }: WantedFilter,
    hostId = filter.hostId,
  ): Promise<ReplyOf<typeof ensureFilter>> {
    const spec = { vmId: filter.vmId, revision, rules };
    return this.requests.call(ensureFilter, { spec }, { hostId, timeoutMs: HOST_TIMEOUT_MS });
  }

  private async recordApplied(
    tx: Transaction,
    { filter: { vmId, bootsTold } }: WantedFilter,
    applied: AppliedFilter,
    repaired: boolean,
  ): Promise<Effect<boolean>> {
    const before = await this.filters.lock(tx, vmId);
    if (before === null) return GONE;
    await this.filters.recordApplied(tx, vmId, { ...applied, bootsTold });
    const isNews =
      repaired || before.appliedRevision < applied.revision || ['FAILED', 'DRIFTED'].includes(before.status);
    const { revision, status } = applied;
    return isNews ? told(before, { revision, status, errorCode: null }) : KNOWN;
  }

  private async recordFailure(
    tx: Transaction,
    vmId: string,
    revision: number,
    errorCode: string,
  ): Promise<Effect<boolean>> {
    const before = await this.filters.lock(tx, vmId);
    if (before === null) return GONE;
    // A newer revision is there already: that this one failed is of no interest.
    if (before.appliedRevision > revision) return KNOWN;
    await this.filters.recordFailure(tx, vmId, errorCode);
    const isNews = before.status !== 'FAILED' || before.errorCode !== errorCode;
    return isNews ? told(before, { revision, status: 'FAILED', errorCode }) : KNOWN;
  }
}

/** Answers whether the filter is still wanted; the event tells what came of it. */
const told = (
  { vmId, departmentId }: VmFilter,
  outcome: { revision: number; status: FilterStatus; errorCode: string | null },
): Effect<boolean> => {
  const data = { vmId, ...outcome };
  return {
    answer: true,
    events: [newEvent(vmFilterApplied, { departmentId, resource: { kind: 'vm', id: vmId }, data })],
  };
};

const KNOWN: Effect<boolean> = { answer: true, events: [] };
const GONE: Effect<boolean> = { answer: false, events: [] };

const appliedOrThrow = ({ status, filterName }: ReplyOf<typeof ensureFilter>): Omit<AppliedFilter, 'revision'> => {
  if (status === 'APPLIED' || status === 'UNSUPPORTED') return { status, filterName };
  throw new DomainError('HYPERVISOR_ERROR', { filterStatus: status });
};
