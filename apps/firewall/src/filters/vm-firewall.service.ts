import { can, readableDepartments } from '@infinibay/access-domain';
import { findVms, type Actor, type DomainError } from '@infinibay/contracts';
import { effectiveRules } from '@infinibay/firewall-domain';
import { RequestClient } from '@infinibay/platform-messaging';
import { hostFailure, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Rule, VmFilter } from '../generated/prisma/client.js';
import { RuleRepository } from '../rules/rule.repository.js';
import { KernelRulesService } from './kernel-rules.service.js';
import { VmFilterRepository } from './vm-filter.repository.js';

/** What people see of a VM's packet filter. */
@Injectable()
export class VmFirewallService {
  constructor(
    private readonly filters: VmFilterRepository,
    private readonly rules: RuleRepository,
    private readonly requests: RequestClient,
    private readonly kernelRules: KernelRulesService,
  ) {}

  async filtersOf(actor: Actor, vmIds: readonly string[]): Promise<ReadonlyMap<string, VmFilter>> {
    const filters = await this.filters.listReadable(onlyUuids(vmIds), readableDepartments(actor));
    return new Map(filters.map((filter) => [filter.vmId, filter]));
  }

  /** The rules that hold for each VM, in the order in which they are matched. VMs that the actor may not see are left out. */
  async effectiveRulesOf(actor: Actor, vmIds: readonly string[]): Promise<ReadonlyMap<string, Rule[]>> {
    const departments = await this.departmentsOf(actor, onlyUuids(vmIds));
    const rules = await this.rules.listFor([...new Set(departments.values())], [...departments.keys()]);
    return new Map(
      [...departments].map(([vmId, departmentId]) => [
        vmId,
        effectiveRules(
          rules.filter((rule) => rule.departmentId === departmentId),
          vmId,
        ),
      ]),
    );
  }

  /** The kernel's own rules for each VM's interfaces, or why they could not be read: one VM's failure is its own. */
  async kernelRulesOf(actor: Actor, vmIds: readonly string[]): Promise<ReadonlyMap<string, string[] | DomainError>> {
    const filters = [...(await this.filtersOf(actor, vmIds)).values()];
    const read = async ({ vmId, hostId }: VmFilter): Promise<[string, string[] | DomainError]> => [
      vmId,
      await this.kernelRules.read(actor.userId, vmId, hostId).catch(hostFailure),
    ];
    return new Map(await Promise.all(filters.map(read)));
  }

  /** Departments of the VMs that the actor may read; those that were never protected are asked for. */
  private async departmentsOf(actor: Actor, vmIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const departments = new Map(
      [...(await this.filtersOf(actor, vmIds))].map(([vmId, filter]) => [vmId, filter.departmentId]),
    );
    const unknown = vmIds.filter((vmId) => !departments.has(vmId));
    if (unknown.length === 0) return departments;
    const { vms } = await this.requests.call(findVms, { vmIds: unknown });
    for (const { vmId, departmentId } of vms)
      if (can(actor, 'read', { kind: 'vm', departmentId })) departments.set(vmId, departmentId);
    return departments;
  }
}
