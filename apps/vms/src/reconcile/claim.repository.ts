import { DomainError } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile-options.js';

/** A VM that this worker may act on, as long as the lease lasts. */
export interface Claim {
  readonly vmId: string;
  readonly fence: number;
}

/**
 * Leases with a fencing generation: one worker per VM at a time, another takes over when it dies, and a worker
 * that was stopped meanwhile finds its fence refused here and on the host.
 */
@Injectable()
export class ClaimRepository {
  constructor(
    private readonly database: PrismaClient,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
  ) {}

  /** Milliseconds until work of a VM is due that nobody has, or null. Rows under a lease are due when it ends. */
  async nextDueInMs(): Promise<number | null> {
    const [row] = await this.database.$queryRaw<{ ms: number | null }[]>`
      SELECT (extract(epoch FROM min(greatest(reconcile_at, lease_until)) - now()) * 1000)::float8 AS ms
      FROM vms WHERE reconcile_at IS NOT NULL`;
    return row?.ms ?? null;
  }

  /** Makes VMs due now that are not yet. */
  async makeDue(vmIds: readonly string[]): Promise<void> {
    await this.database.$executeRaw`
      UPDATE vms SET reconcile_at = now()
      WHERE id = ANY(${[...vmIds]}::uuid[]) AND (reconcile_at IS NULL OR reconcile_at > now())`;
  }

  /** The VM whose work is due longest, or null. */
  async claim(): Promise<Claim | null> {
    const [row] = await this.database.$queryRaw<{ id: string; fence: number }[]>`
      UPDATE vms SET fence = fence + 1, lease_owner = ${this.options.workerId},
        lease_until = now() + make_interval(secs => ${this.options.leaseMs / 1_000}::float8)
      WHERE id = (
        SELECT id FROM vms
        WHERE reconcile_at <= now() AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY reconcile_at LIMIT 1 FOR UPDATE SKIP LOCKED
      )
      RETURNING id, fence`;
    return row === undefined ? null : { vmId: row.id, fence: row.fence };
  }

  /** @returns false when another worker has taken over. */
  async renew(claim: Claim): Promise<boolean> {
    const renewed = await this.database.$executeRaw`
      UPDATE vms SET lease_until = now() + make_interval(secs => ${this.options.leaseMs / 1_000}::float8)
      WHERE id = ${claim.vmId}::uuid AND fence = ${claim.fence} AND lease_owner = ${this.options.workerId}`;
    return renewed === 1;
  }

  /** The row, locked, if the claim still holds. @throws DomainError STALE_FENCE */
  async lock(tx: Transaction, claim: Claim): Promise<Vm> {
    await tx.$queryRaw`SELECT id FROM vms WHERE id = ${claim.vmId}::uuid FOR UPDATE`;
    const vm = await tx.vm.findUnique({ where: { id: claim.vmId } });
    if (vm?.fence !== claim.fence) throw new DomainError('STALE_FENCE', { vmId: claim.vmId });
    return vm;
  }
}
