import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AuditLog } from './audit.log.js';

@Module({})
class StateChangeModule {}

/**
 * Gives the service's own StateChange, and the audit, to each of its modules.
 * @param change the service's `class Change extends StateChange<Transaction> {}`
 */
export const stateChangeModule = (change: Type): DynamicModule => ({
  module: StateChangeModule,
  global: true,
  providers: [AuditLog, change],
  exports: [AuditLog, change],
});
