import { Injectable } from '@nestjs/common';
import { currentContext } from '@infinibay/platform-logging';
import type { SqlTransaction } from '@infinibay/platform-persistence';

export interface AuditEntry {
  /** User id, or `anonymous` for somebody who has not proved to be anyone. */
  readonly actorId: string;
  /** The mutation's name. */
  readonly verb: string;
  /** Such as `network`. */
  readonly resourceKind: string;
  readonly resourceId: string | null;
  /** `ok` or the error code. */
  readonly result: string;
}

/** Who did what to what, and how it ended. Entries are only ever added. */
@Injectable()
export class AuditLog {
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
}
