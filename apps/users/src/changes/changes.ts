import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import { appendToOutbox, recallOnce, runOnce } from '@infinibay/platform-persistence';
import { AuditLog, type AuditEntry } from '../audit/audit.log.js';
import { Database, type Transaction } from '../database.js';

export interface Change extends Pick<AuditEntry, 'actorId' | 'resourceKind'> {
  readonly operation: string;
  readonly idempotencyKey: string;
  /** What was asked for, without the key and without secrets (they would be hashed into the idempotency row). */
  readonly input: unknown;
}

/** What a change did: the resource that it is about and what others must hear of it. */
export interface Effect {
  readonly resourceId: string;
  readonly events: readonly EventEnvelope[];
}

/** Commits effect, idempotency key, audit entry and events as one; a refusal is audited on its own. */
@Injectable()
export class Changes {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRelayHolder,
    private readonly audit: AuditLog,
  ) {}

  /**
   * @returns id of the resource; for a repeated key that of the first call, without doing anything.
   * @throws DomainError of `work`, or IDEMPOTENCY_KEY_REUSED
   */
  async commit(change: Change, work: (tx: Transaction) => Promise<Effect>): Promise<string> {
    const { actorId, operation, idempotencyKey: key, input } = change;
    try {
      const id = await this.database.$transaction((tx) =>
        runOnce(tx, { actorId, operation, key, input }, () => this.apply(tx, change, work)),
      );
      this.outbox.notify();
      return id;
    } catch (error) {
      await this.refused(change, error);
      throw error;
    }
  }

  /**
   * What the first call with this key answered, for work that must not or cannot be done again before commit().
   * @throws DomainError IDEMPOTENCY_KEY_REUSED
   */
  recall({ actorId, operation, idempotencyKey: key, input }: Change): Promise<string | undefined> {
    return recallOnce<string>(this.database, { actorId, operation, key, input });
  }

  /** For changes without an idempotency key: sessions. */
  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const result = await this.database.$transaction(work);
    this.outbox.notify();
    return result;
  }

  private async apply(tx: Transaction, change: Change, work: (tx: Transaction) => Promise<Effect>): Promise<string> {
    const { resourceId, events } = await work(tx);
    const { actorId, operation: verb, resourceKind } = change;
    await this.audit.record(tx, { actorId, verb, resourceKind, resourceId, result: 'ok' });
    await appendToOutbox(tx, events);
    return resourceId;
  }

  private async refused({ actorId, operation: verb, resourceKind }: Change, error: unknown): Promise<void> {
    if (!(error instanceof DomainError)) return;
    await this.audit.record(this.database, { actorId, verb, resourceKind, resourceId: null, result: error.code });
  }
}
