import { can, readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { actionOf } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { VmCriteria } from '../vms/vm-list.inputs.js';
import { VmRepository } from '../vms/vm.repository.js';
import { VmService } from '../vms/vm.service.js';
import type { BulkKind } from './bulk.actions.js';
import { MAX_BULK_VMS } from './bulk.inputs.js';
import type { BulkTarget } from './bulk-result.repository.js';

/** Which VMs are meant. */
export interface Meant {
  readonly vmIds: readonly string[] | null;
  readonly filter: VmCriteria | null;
}

/** From what a client means to the VMs that it may act on. */
@Injectable()
export class BulkTargets {
  constructor(
    private readonly vms: VmRepository,
    private readonly lists: VmService,
  ) {}

  /**
   * In the order in which they were named, or newest first. Another department's VM is like one that there never was.
   * @throws DomainError TOO_MANY_VMS
   */
  async of(actor: Actor, kind: BulkKind, { vmIds, filter }: Meant): Promise<BulkTarget[]> {
    const ids = filter === null ? (vmIds ?? []) : await this.lists.matching(actor, filter, MAX_BULK_VMS + 1);
    if (ids.length > MAX_BULK_VMS) throw new DomainError('TOO_MANY_VMS', { maximum: MAX_BULK_VMS });
    const { permission } = actionOf(kind);
    const rows = await this.vms.findMany(ids, readableDepartments(actor));
    const known = new Map(
      rows
        .filter(({ departmentId }) => can(actor, permission, { kind: 'vm', departmentId }))
        .map(({ id, departmentId, hostId }) => [id, { departmentId, hostId }]),
    );
    return ids.map((vmId) => ({ vmId, known: known.get(vmId) ?? null }));
  }
}
