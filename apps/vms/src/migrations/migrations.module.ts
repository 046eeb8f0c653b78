import { Module } from '@nestjs/common';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { MigrationJournal } from './migration.journal.js';
import { MigrationRepository } from './migration.repository.js';

@Module({
  imports: [VmsModule, VolumesModule],
  providers: [MigrationRepository, MigrationJournal],
  exports: [MigrationRepository, MigrationJournal],
})
export class MigrationsModule {}
