import {
  DomainError,
  firewallRuleDeleted,
  removeFilter,
  type EventDataOf,
  type EventEnvelope,
  type ReplyOf,
  type RequestOf,
  type prepareVmFilter,
  type protectVm,
  type releaseVmFilter,
  type unprotectVm,
  type vmDeleted,
  type vmJoinedDepartment,
} from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { advanceFence, hostFailure, type Effect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { VmFilter } from '../generated/prisma/client.js';
import { ruleEvent } from '../rules/rule.events.js';
import { RuleRepository } from '../rules/rule.repository.js';
import { FilterApplicationService, HOST_TIMEOUT_MS } from './filter-application.service.js';
import { VmFilterRepository } from './vm-filter.repository.js';

/** VMs come under protection before they start and leave it when their domain is gone. */
@Injectable()
export class ProtectionService {
  constructor(
    private readonly change: Change,
    private readonly filters: VmFilterRepository,
    private readonly rules: RuleRepository,
    private readonly application: FilterApplicationService,
    private readonly requests: RequestClient,
  ) {}

  /** @throws DomainError STALE_FENCE, HOST_UNAVAILABLE, HYPERVISOR_ERROR: success means that the host has the filter. */
  async protect(request: RequestOf<typeof protectVm>): Promise<ReplyOf<typeof protectVm>> {
    const { vmId, departmentId, fence } = request;
    await this.change.run(async (tx) => {
      await advanceFence(tx, vmId, fence);
      await this.filters.lockDepartment(tx, departmentId);
      await this.filters.protect(tx, request);
      return { answer: undefined, events: await this.dropForeign(tx, vmId, departmentId) };
    });
    const applied = await this.application.apply(vmId);
    // A newer worker took the protection away meanwhile.
    if (applied === null) throw new DomainError('STALE_FENCE', { vmId, fence });
    return applied;
  }

  /** @throws DomainError STALE_FENCE, HOST_UNAVAILABLE, VM_BUSY while a domain uses the filter; the caller then asks again. */
  async unprotect({ vmId, hostId, fence }: RequestOf<typeof unprotectVm>): Promise<void> {
    const filter = await this.change.run(async (tx) => {
      await advanceFence(tx, vmId, fence);
      return this.forget(tx, vmId);
    });
    const host = hostId ?? filter?.hostId;
    if (host !== undefined) await this.removeFrom(vmId, host);
  }

  private async removeFrom(vmId: string, hostId: string): Promise<void> {
    await this.requests.call(removeFilter, { vmId }, { hostId, timeoutMs: HOST_TIMEOUT_MS }).catch((error: unknown) => {
      throw hostFailure(error);
    });
  }

  /**
   * Makes the filter on a host to which the VM is to come. Nothing of where it is changes.
   * @throws DomainError VM_NOT_FOUND, STALE_FENCE, HOST_UNAVAILABLE, HYPERVISOR_ERROR, FILTER_NOT_ENFORCED
   */
  async prepareOn({
    vmId,
    hostId,
    fence,
  }: RequestOf<typeof prepareVmFilter>): Promise<ReplyOf<typeof prepareVmFilter>> {
    await this.advance(vmId, fence);
    const reply = await this.application.sendTo(vmId, hostId);
    if (reply === null) throw new DomainError('VM_NOT_FOUND', { vmId, reason: 'it is not protected' });
    return reply;
  }

  /**
   * Of a host on which the VM is not, or not any more.
   * @throws DomainError STALE_FENCE, HOST_UNAVAILABLE, VM_BUSY while a domain uses the filter
   */
  async releaseOn({ vmId, hostId, fence }: RequestOf<typeof releaseVmFilter>): Promise<void> {
    await this.advance(vmId, fence);
    if ((await this.filters.find(vmId))?.hostId === hostId) return;
    await this.removeFrom(vmId, hostId);
  }

  private advance(vmId: string, fence: number): Promise<undefined> {
    return this.change.run(async (tx) => {
      await advanceFence(tx, vmId, fence);
      return { answer: undefined, events: [] };
    });
  }

  /** A rule that was made for a VM while it was being deleted goes here. */
  async forgetDeleted(event: EventEnvelope<EventDataOf<typeof vmDeleted>>): Promise<void> {
    await this.change.consume('vm-deleted', event, async (tx) => {
      const { events } = await this.forget(tx, event.data.vmId);
      return { answer: undefined, events };
    });
  }

  /**
   * The VM is of another department: its filter is compiled of the rules there, and its own rules, which are of the one
   * that it left, go. Whoever has acted for a later worker knows where the VM is since: a late event changes nothing.
   */
  async moveTo(event: EventEnvelope<EventDataOf<typeof vmJoinedDepartment>>): Promise<void> {
    const { departmentId, data } = event;
    if (departmentId === null) return;
    await this.change.consume('vm-joined', event, async (tx) => {
      if (!(await isNewest(tx, data))) return { answer: undefined, events: [] };
      await this.filters.lockDepartment(tx, departmentId);
      await this.filters.move(tx, data.vmId, departmentId);
      return { answer: undefined, events: await this.dropForeign(tx, data.vmId, departmentId) };
    });
  }

  /** What other departments have ruled for the VM: those that it was of. */
  private async dropForeign(tx: Transaction, vmId: string, departmentId: string): Promise<EventEnvelope[]> {
    const rules = await this.rules.deleteOfVm(tx, vmId, departmentId);
    return rules.map((rule) => ruleEvent(firewallRuleDeleted, rule));
  }

  private async forget(tx: Transaction, vmId: string): Promise<Effect<VmFilter | null>> {
    const rules = await this.rules.deleteOfVm(tx, vmId);
    const answer = await this.filters.delete(tx, vmId);
    return { answer, events: rules.map((rule) => ruleEvent(firewallRuleDeleted, rule)) };
  }
}

const isNewest = async (tx: Transaction, { vmId, fence }: { vmId: string; fence: number }): Promise<boolean> => {
  try {
    await advanceFence(tx, vmId, fence);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'STALE_FENCE') return false;
    throw error;
  }
};
