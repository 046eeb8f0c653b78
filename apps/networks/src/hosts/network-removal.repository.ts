import { DueTable, nextAttempt } from '@infinibay/platform-work';
import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import type { HostNetworkKey } from './host-network.repository.js';

/** Deleted networks that hosts still have, or may have. */
@Injectable()
export class NetworkRemovalRepository {
  readonly due: DueTable<HostNetworkKey>;

  constructor(private readonly database: Database) {
    this.due = new DueTable(database, {
      table: 'network_removals',
      key: { networkId: 'network_id' },
      dueAt: 'next_attempt_at',
    });
  }

  /** Removes once more: an earlier removal may have come before a late "make it". */
  async request(key: HostNetworkKey): Promise<void> {
    await this.database.$executeRawUnsafe(
      `INSERT INTO network_removals (network_id, host_id) VALUES ($1::uuid, $2::uuid)
       ON CONFLICT (network_id, host_id) DO UPDATE SET next_attempt_at = now()`,
      key.networkId,
      key.hostId,
    );
  }

  async recordRemoved(key: HostNetworkKey): Promise<void> {
    await this.database.networkRemoval.deleteMany({ where: key });
  }

  async recordFailure(key: HostNetworkKey, errorCode: string): Promise<void> {
    await this.database.$executeRawUnsafe(
      `UPDATE network_removals
       SET error_code = $3, attempts = attempts + 1,
           next_attempt_at = ${nextAttempt('attempts')}
       WHERE network_id = $1::uuid AND host_id = $2::uuid`,
      key.networkId,
      key.hostId,
      errorCode,
    );
  }
}
