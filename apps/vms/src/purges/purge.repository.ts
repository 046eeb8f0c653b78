import { DueTable } from '@infinibay/platform-work';
import { Injectable } from '@nestjs/common';
import { PrismaClient } from '../database.js';
import { OFFLINE_AFTER_MS } from '../hosts/host.repository.js';

/** A VM whose time is over. */
export interface PurgedVm {
  readonly vmId: string;
  readonly hostId: string;
}

/** One that fails is not asked for again and again: nobody waits for it, and each attempt is on record. */
const CLAIM_SECONDS = 300;

/**
 * Nobody would see that it failed, or repeat it: what can't be deleted now waits for its host, also where somebody works
 * on that and boots it.
 */
const ON_HOST_THAT_IS_THERE = `EXISTS (SELECT 1 FROM hosts AS h WHERE h.id = host_id AND h.maintenance_since IS NULL
  AND h.last_seen_at > now() - make_interval(secs => ${String(OFFLINE_AFTER_MS / 1_000)}))`;

@Injectable()
export class PurgeRepository {
  readonly due: DueTable<PurgedVm>;

  constructor(database: PrismaClient) {
    this.due = new DueTable(database, {
      table: 'vms',
      key: { vmId: 'id' },
      dueAt: 'purge_due_at',
      where: `purge_due_at IS NOT NULL AND ${ON_HOST_THAT_IS_THERE}`,
      claimSeconds: CLAIM_SECONDS,
    });
  }
}
