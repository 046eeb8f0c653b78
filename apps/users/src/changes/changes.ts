import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import { appendToOutbox, mutateOnce } from '@infinibay/platform-persistence';
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

export type ChangeWork = (tx: Transaction) => Promise<Effect>;

export interface Run<Stored, Answer> {
  /** Checks and hashes that must not be done again for a repeated key, or not in the transaction; then the work. */
  readonly prepare: () => ChangeWork | Promise<ChangeWork>;
  /** The answer as plain JSON, read when the work is done. */
  readonly remember: (tx: Transaction, resourceId: string) => Promise<Stored>;
  /** What the actor gets of it, if the actor may see it now. Keys of older versions hold the resource's id alone. */
  readonly show: (stored: Stored | string) => Answer | Promise<Answer>;
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
   * @returns the answer; for a repeated key that of the first call, without doing anything.
   * @throws DomainError of the preparation and the work, or IDEMPOTENCY_KEY_REUSED
   */
  async commit<Stored, Answer>(change: Change, { prepare, remember, show }: Run<Stored, Answer>): Promise<Answer> {
    const { actorId, operation, idempotencyKey: key, input } = change;
    try {
      const answer = await mutateOnce(
        this.database,
        { actorId, operation, key, input },
        {
          prepare: async () => {
            const work = await prepare();
            return async (tx: Transaction): Promise<Stored | string> =>
              remember(tx, await this.apply(tx, change, work));
          },
          show,
        },
      );
      this.outbox.notify();
      return answer;
    } catch (error) {
      await this.refused(change, error);
      throw error;
    }
  }

  /** For changes without an idempotency key: sessions. */
  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const result = await this.database.$transaction(work);
    this.outbox.notify();
    return result;
  }

  private async apply(tx: Transaction, change: Change, work: ChangeWork): Promise<string> {
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
