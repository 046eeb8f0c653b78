import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import type { HostNetworkKey } from './host-network.repository.js';

const CLAIM_SECONDS = 30;
const MAX_BACKOFF_SECONDS = 60;

/** Deleted networks that hosts still have, or may have. */
@Injectable()
export class NetworkRemovalRepository {
  constructor(private readonly database: Database) {}

  /** Removes once more: an earlier removal may have come before a late "make it". */
  async request(key: HostNetworkKey): Promise<void> {
    await this.database.$executeRawUnsafe(
      `INSERT INTO network_removals (network_id, host_id) VALUES ($1::uuid, $2::uuid)
       ON CONFLICT (network_id, host_id) DO UPDATE SET next_attempt_at = now()`,
      key.networkId,
      key.hostId,
    );
  }

  /** Milliseconds until a row is due, or null. */
  async nextDueInMs(): Promise<number | null> {
    const [row] = await this.database.$queryRawUnsafe<{ ms: number | null }[]>(
      `SELECT (extract(epoch FROM min(next_attempt_at) - now()) * 1000)::float8 AS ms FROM network_removals`,
    );
    return row?.ms ?? null;
  }

  /** Takes removals that are due for this worker alone; none of hosts that are busy already. */
  claimDue(limit: number, busyHosts: readonly string[]): Promise<HostNetworkKey[]> {
    return Promise.resolve(
      this.database.$queryRawUnsafe<HostNetworkKey[]>(
        `UPDATE network_removals r SET next_attempt_at = now() + make_interval(secs => $2::int)
         FROM (SELECT network_id, host_id FROM network_removals WHERE next_attempt_at <= now() AND NOT host_id = ANY($3::uuid[])
               ORDER BY next_attempt_at LIMIT $1::int FOR UPDATE SKIP LOCKED) due
         WHERE r.network_id = due.network_id AND r.host_id = due.host_id
         RETURNING r.network_id AS "networkId", r.host_id AS "hostId"`,
        limit,
        CLAIM_SECONDS,
        [...busyHosts],
      ),
    );
  }

  async recordRemoved(key: HostNetworkKey): Promise<void> {
    await this.database.networkRemoval.deleteMany({ where: key });
  }

  async recordFailure(key: HostNetworkKey, errorCode: string): Promise<void> {
    await this.database.$executeRawUnsafe(
      `UPDATE network_removals
       SET error_code = $3, attempts = attempts + 1,
           next_attempt_at = now() + make_interval(secs => least($4::float8, power(2, least(attempts, 10))))
       WHERE network_id = $1::uuid AND host_id = $2::uuid`,
      key.networkId,
      key.hostId,
      errorCode,
      MAX_BACKOFF_SECONDS,
    );
  }
}
