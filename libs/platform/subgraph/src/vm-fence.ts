import { DomainError } from '@infinibay/contracts';
import type { SqlTransaction } from '@infinibay/platform-persistence';

/**
 * Records the worker generation that acts on a VM and keeps others waiting until the transaction ends. Rows outlive
 * what the service has of the VM, so that a late message of a stale worker cannot bring it back.
 * @throws DomainError STALE_FENCE when a newer generation acted before.
 */
export const advanceFence = async (tx: SqlTransaction, vmId: string, fence: number): Promise<void> => {
  const advanced = await tx.$executeRawUnsafe(
    `INSERT INTO vm_fences (vm_id, fence) VALUES ($1::uuid, $2::bigint)
     ON CONFLICT (vm_id) DO UPDATE SET fence = excluded.fence, updated_at = now() WHERE vm_fences.fence <= excluded.fence`,
    vmId,
    fence,
  );
  if (advanced === 0) throw new DomainError('STALE_FENCE', { vmId, fence });
};
