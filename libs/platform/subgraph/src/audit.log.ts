import { currentContext, type Logger } from '@infinibay/platform-logging';
import type { SqlTransaction } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';

export interface AuditEntry {
  /** User id, or `anonymous` for somebody who has not proved to be anyone. */
  readonly actorId: string;
  /** The mutation's name; of one that gives more or less, also which, behind a colon: `createConsoleTicket:VIEW`. */
  readonly verb: string;
  /** Such as `network`. */
  readonly resourceKind: string;
  readonly resourceId: string | null;
  /** `ok` or the error code. */
  readonly result: string;
}

/** Who did what to what, and how it ended. Entries are only ever added, and go when they are old. */
@Injectable()
export class AuditLog {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  async record(tx: SqlTransaction, entry: AuditEntry): Promise<void> {
    await tx.$executeRawUnsafe(
      `INSERT INTO audit_log (actor_id, verb, resource_kind, resource_id, result, correlation_id)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      entry.actorId,
      entry.verb,
      entry.resourceKind,
      entry.resourceId,
      entry.result,
      currentContext().correlationId,
    );
  }

  /** Of what changed nothing. Who asked gets the refusal also when it can't be recorded; the log has the entry then. */
  async recordRefusal(client: SqlTransaction, entry: AuditEntry): Promise<void> {
    try {
      await this.record(client, entry);
    } catch (error) {
      this.logger.error({ err: error, ...entry }, 'a refusal is missing in the audit');
    }
  }
}
