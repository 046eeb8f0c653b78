import { Injectable } from '@nestjs/common';
import { currentContext } from '@infinibay/platform-logging';
import type { Transaction } from '../database.js';

export interface AuditEntry {
  /** User id, or `anonymous` for somebody who has not proved to be anyone. */
  readonly actorId: string;
  /** The mutation's name. */
  readonly verb: string;
  readonly resourceKind: 'user' | 'department' | 'session';
  readonly resourceId: string | null;
  /** `ok` or the error code. */
  readonly result: string;
}

/** Who did what to what, and how it ended. Entries are only ever added. */
@Injectable()
export class AuditLog {
  async record(tx: Transaction, entry: AuditEntry): Promise<void> {
    await tx.auditEntry.create({ data: { ...entry, correlationId: currentContext().correlationId } });
  }
}
