import { Module } from '@nestjs/common';
import { SnapshotJournal } from './snapshot.journal.js';
import { SnapshotRepository } from './snapshot.repository.js';
import { SnapshotAuthorResolver, VmSnapshotsResolver } from './vm-snapshots.resolver.js';

@Module({
  providers: [SnapshotRepository, SnapshotJournal, VmSnapshotsResolver, SnapshotAuthorResolver],
  exports: [SnapshotRepository, SnapshotJournal],
})
export class SnapshotsModule {}
