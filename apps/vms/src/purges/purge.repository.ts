import { DueTable } from '@infinibay/platform-work';
import { Injectable } from '@nestjs/common';
import { PrismaClient } from '../database.js';

/** A VM whose time is over. */
export interface PurgedVm {
  readonly vmId: string;
  readonly hostId: string;
}

@Injectable()
export class PurgeRepository {
  readonly due: DueTable<PurgedVm>;

  constructor(database: PrismaClient) {
    this.due = new DueTable(database, {
      table: 'vms',
      key: { vmId: 'id' },
      dueAt: 'purge_due_at',
      where: 'purge_due_at IS NOT NULL',
    });
  }
}
