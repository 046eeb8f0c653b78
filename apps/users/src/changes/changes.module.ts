import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { Changes } from './changes.js';

@Module({
  imports: [AuditModule],
  providers: [Changes],
  exports: [Changes],
})
export class ChangesModule {}
