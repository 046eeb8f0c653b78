import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import type { ReplyOf, RequestOf, protectVm, verifyFilter } from '@infinibay/contracts';
import { CLAIM_SECONDS, DueTable, nextAttempt } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import type { FirewallConfig } from '../config.js';
import { Database, type Transaction } from '../database.js';
import type { VmFilter } from '../generated/prisma/client.js';

export const FILTER_SETTINGS = Symbol('FILTER_SETTINGS');
export type FilterSettings = Pick<FirewallConfig, 'FILTER_VERIFY_SECONDS'>;

export interface FilterKey {
  readonly vmId: string;
  readonly hostId: string;
}

@Injectable()
export class VmFilterRepository {
  /** Filters whose rules changed, that failed, or of which the host does something else. */
  readonly toApply: DueTable<FilterKey>;
  /** Applied filters whose kernel rules are to be looked at. */
  readonly toVerify: DueTable<FilterKey>;

  constructor(
    private readonly database: Database,
    @Inject(FILTER_SETTINGS) private readonly settings: FilterSettings,
  ) {
    const filters = { table: 'vm_filters', key: { vmId: 'vm_id' } };
    this.toApply = new DueTable(database, {
      ...filters,
      dueAt: 'next_attempt_at',
      where: `status IN ('PENDING', 'FAILED', 'DRIFTED')`,
    });
    this.toVerify = new DueTable(database, {
      ...filters,
      dueAt: 'verify_at',
      where: `status = 'APPLIED'`,
      claimSeconds: settings.FILTER_VERIFY_SECONDS,
    });
  }

  find(vmId: string): Promise<VmFilter | null> {
    return this.database.vmFilter.findUnique({ where: { vmId } });
  }

  listReadable(vmIds: readonly string[], scope: DepartmentScope): Promise<VmFilter[]> {
    return this.database.vmFilter.findMany({ where: { vmId: { in: [...vmIds] }, ...departmentWhere(scope) } });
  }

  /**
   * Until the transaction ends, rules of the department and the set of its protected VMs change here only: a rule that
   * is made while a VM becomes protected would otherwise reach it never.
   */
  async lockDepartment(tx: Transaction, departmentId: string): Promise<void> {
    await tx.$executeRawUnsafe(
      `SELECT pg_advisory_xact_lock(hashtextextended('firewall.department:' || $1, 0))`,
      departmentId,
    );
  }

  /** The VM is protected from now on; its filter is applied by the caller, or later by a worker. Call under lockDepartment. */
  async protect(tx: Transaction, request: RequestOf<typeof protectVm>): Promise<void> {
    await tx.$executeRawUnsafe(
      `INSERT INTO vm_filters (vm_id, department_id, host_id, nics, next_attempt_at)
       VALUES ($1::uuid, $2::uuid, $3::uuid, $4::jsonb, now() + make_interval(secs => $5::int))
       ON CONFLICT (vm_id) DO UPDATE
       SET department_id = excluded.department_id, host_id = excluded.host_id, nics = excluded.nics, next_attempt_at = excluded.next_attempt_at,
           desired_revision = vm_filters.desired_revision + 1, status = 'PENDING'
       WHERE (vm_filters.department_id, vm_filters.host_id, vm_filters.nics) IS DISTINCT FROM (excluded.department_id, excluded.host_id, excluded.nics)`,
      request.vmId,
      request.departmentId,
      request.hostId,
      JSON.stringify(request.nics),
      CLAIM_SECONDS,
    );
  }

  /** The VM is of another department: what is ruled there holds. Call under lockDepartment. */
  async move(tx: Transaction, vmId: string, departmentId: string): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE vm_filters
       SET department_id = $2::uuid, desired_revision = desired_revision + 1, status = 'PENDING', attempts = 0, next_attempt_at = now()
       WHERE vm_id = $1::uuid AND department_id <> $2::uuid`,
      vmId,
      departmentId,
    );
  }

  /** Rules changed: the filters that they are in must be applied again. Call under lockDepartment. */
  async invalidate(tx: Transaction, departmentId: string, vmId: string | null): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE vm_filters SET desired_revision = desired_revision + 1, status = 'PENDING', attempts = 0, next_attempt_at = now()
       WHERE department_id = $1::uuid AND ($2::uuid IS NULL OR vm_id = $2::uuid)`,
      departmentId,
      vmId,
    );
  }

  /** @returns what was there, or null. */
  async delete(tx: Transaction, vmId: string): Promise<VmFilter | null> {
    const filter = await tx.vmFilter.findUnique({ where: { vmId } });
    await tx.vmFilter.deleteMany({ where: { vmId } });
    return filter;
  }

  /** Locks the row until the transaction ends. */
  async lock(tx: Transaction, vmId: string): Promise<VmFilter | null> {
    await tx.$executeRawUnsafe(`SELECT 1 FROM vm_filters WHERE vm_id = $1::uuid FOR UPDATE`, vmId);
    return tx.vmFilter.findUnique({ where: { vmId } });
  }

  async recordApplied(
    tx: Transaction,
    vmId: string,
    applied: { revision: number; status: 'APPLIED' | 'UNSUPPORTED'; filterName: string | null; bootsTold: number },
  ): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE vm_filters
       SET applied_revision = greatest(applied_revision, $2::int), applied_at = now(), error_code = NULL, attempts = 0, filter_name = $4,
           differences = '[]', difference_count = 0,
           status = CASE WHEN desired_revision > $2::int THEN 'PENDING' ELSE $3 END::filter_status,
           next_attempt_at = now(), boots_proven = greatest(boots_proven, $6::int),
           verify_at = CASE WHEN boots_told > $6::int THEN now() ELSE now() + make_interval(secs => $5::int) END
       WHERE vm_id = $1::uuid`,
      vmId,
      applied.revision,
      applied.status,
      applied.filterName,
      this.settings.FILTER_VERIFY_SECONDS,
      applied.bootsTold,
    );
  }

  /**
   * Its host has cards of it that nobody has compared yet: the comparison is due now, and one that failed is tried now.
   * The status is not APPLIED until it is made.
   */
  async expectProof(hostId: string, vmId: string): Promise<void> {
    await this.database.$executeRawUnsafe(
      `UPDATE vm_filters
       SET boots_told = boots_told + 1, verify_at = now(),
           next_attempt_at = CASE status WHEN 'FAILED' THEN now() ELSE next_attempt_at END
       WHERE host_id = $1::uuid AND vm_id = $2::uuid`,
      hostId,
      vmId,
    );
  }

  /** Anything may have happened on the host: every filter there is compared, or tried again, now. */
  async verifyHost(hostId: string): Promise<void> {
    await this.database.$executeRawUnsafe(
      `UPDATE vm_filters
       SET verify_at = now(), next_attempt_at = CASE status WHEN 'FAILED' THEN now() ELSE next_attempt_at END
       WHERE host_id = $1::uuid`,
      hostId,
    );
  }

  /** @param bootsTold those that were told before the comparison began */
  async recordProof(tx: Transaction, vmId: string, bootsTold: number): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE vm_filters SET boots_proven = greatest(boots_proven, $2::int) WHERE vm_id = $1::uuid`,
      vmId,
      bootsTold,
    );
  }

  /** The host does something else than was applied. The caller repairs it; a worker does when the caller is gone. */
  async recordDrift(tx: Transaction, vmId: string, found: ReplyOf<typeof verifyFilter>): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE vm_filters
       SET status = 'DRIFTED', differences = $2::jsonb, difference_count = $3::int, attempts = 0,
           next_attempt_at = now() + make_interval(secs => $4::int)
       WHERE vm_id = $1::uuid`,
      vmId,
      JSON.stringify(found.differences),
      found.differenceCount,
      CLAIM_SECONDS,
    );
  }

  async recordFailure(tx: Transaction, vmId: string, errorCode: string): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE vm_filters
       SET status = 'FAILED', error_code = $2, attempts = attempts + 1,
           next_attempt_at = ${nextAttempt('attempts')}
       WHERE vm_id = $1::uuid`,
      vmId,
      errorCode,
    );
  }
}
