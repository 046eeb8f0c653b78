import { Injectable } from '@nestjs/common';
import { MigrationRecords } from './migration-records.js';
import { RevertRecords } from './revert-records.js';

/** What this host has put down about a VM that must not run. */
@Injectable()
export class StartObstacles {
  constructor(
    private readonly reverts: RevertRecords,
    private readonly migrations: MigrationRecords,
  ) {}

  /** @throws DomainError REVERT_UNFINISHED, VM_BUSY while it is being moved */
  async requireNone(vmId: string): Promise<void> {
    await this.reverts.requireNone(vmId);
    await this.migrations.requireNone(vmId);
  }

  /** Of one that stands still. @throws DomainError VM_BUSY while it is being moved */
  requireHere(vmId: string): Promise<void> {
    return this.migrations.requireNone(vmId);
  }
}
