import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { SQL_CLIENT, type SqlTransaction } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AuditLog } from './audit.log.js';
import { Retention } from './retention.js';
import type { KeptRows } from './retention.repository.js';

@Module({})
class StateChangeModule {}

/**
 * Gives the service's own StateChange, and the audit, to each of its modules, and removes old rows.
 * @param change the service's `class Change extends StateChange<Transaction> {}`
 * @param kept tables with rows that are of no use after a while
 */
export const stateChangeModule = (change: Type, kept: readonly KeptRows[]): DynamicModule => ({
  module: StateChangeModule,
  global: true,
  providers: [
    AuditLog,
    change,
    {
      provide: Retention,
      inject: [SQL_CLIENT, LOGGER, MetricsRegistry],
      useFactory: (client: SqlTransaction, logger: Logger, metrics: MetricsRegistry): Retention =>
        new Retention(client, kept, logger, metrics),
    },
  ],
  exports: [AuditLog, change],
});

const DAY = 24;

/** Of every service: events that are out, and events that were handled, for longer than they can come again. */
export const EVENT_ROWS: readonly KeptRows[] = [
  { table: 'outbox', endedAt: 'published_at', keepHours: 3 * DAY },
  { table: 'inbox', endedAt: 'received_at', keepHours: 14 * DAY },
];

/** Of a service with mutations: answers for repeated calls, and who did what. */
export const mutationRows = (settings: { HISTORY_KEEP_DAYS: number; AUDIT_KEEP_DAYS: number }): readonly KeptRows[] => [
  ...EVENT_ROWS,
  { table: 'idempotency_keys', endedAt: 'created_at', keepHours: settings.HISTORY_KEEP_DAYS * DAY },
  { table: 'audit_log', endedAt: 'at', keepHours: settings.AUDIT_KEEP_DAYS * DAY },
];
