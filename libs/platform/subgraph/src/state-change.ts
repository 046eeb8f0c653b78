import { DomainError, type Actor, type EventEnvelope } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import {
  SQL_CLIENT,
  appendToOutbox,
  enterInbox,
  mutateOnce,
  type SqlClient,
  type SqlTransaction,
} from '@infinibay/platform-persistence';
import { AuditLog, type AuditEntry } from './audit.log.js';

/** Milliseconds. Bursts queue for a connection instead of failing; a transaction of ours takes milliseconds. */
export const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 15_000 } as const;

/** What a change did. */
export interface Effect<Answer = undefined> {
  readonly answer: Answer;
  /** What others must hear of it, in this order. */
  readonly events: readonly EventEnvelope[];
  /** Who is to be found in the audit for it. commit() writes the entry of a mutation itself. */
  readonly audit?: AuditEntry;
}

/** What a mutation did. Its answer is plain JSON: what a repeated call is answered from. */
export interface MutationEffect<Stored> extends Effect<Stored> {
  /** What the audit says that it was about. */
  readonly resourceId: string;
}

export interface Mutation<Prepared, Stored, Answer> {
  readonly actor: Pick<Actor, 'userId'>;
  /** The mutation's name, for the idempotency key and the audit. */
  readonly operation: string;
  /** Its name for the audit, where the keys of older versions carry another one. */
  readonly verb?: string;
  /** The client's idempotency key. */
  readonly key: string;
  /** What was asked for, without the key and without secrets: it is hashed, to be compared with that of a repeated call. */
  readonly input: unknown;
  /** For the audit, such as `network`. */
  readonly resourceKind: string;
  /** Questions to other services, and work that must not hold a connection. A repeated call does none of it. */
  readonly prepare?: () => Prepared | Promise<Prepared>;
  /**
   * Makes the answer of what is stored; throws "not found" when the actor may not see it, by the rights of now. What older
   * versions stored must stay readable here.
   */
  readonly show: (stored: Stored) => Answer | Promise<Answer>;
  /** Wakes the worker for what the change made due. */
  readonly wake?: () => void;
}

/**
 * The one way in which a service changes state. A service has a class of its own of it, that knows its tables:
 * `class Change extends StateChange<Transaction> {}`.
 */
@Injectable()
export class StateChange<Tx extends SqlTransaction> {
  constructor(
    @Inject(SQL_CLIENT) private readonly database: SqlClient<Tx>,
    private readonly outbox: OutboxRelayHolder,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Commits key, effect, audit entry and events of a mutation as one, then publishes and wakes. A repeated call gets the
   * first one's answer, whatever is gone since, and does nothing. A refusal is audited on its own.
   * @throws DomainError of the preparation and the work, IDEMPOTENCY_KEY_REUSED
   */
  async commit<Prepared, Stored, Answer>(
    mutation: Mutation<Prepared, Stored, Answer>,
    work: (tx: Tx, prepared: Awaited<Prepared>) => Promise<MutationEffect<Stored>>,
  ): Promise<Answer> {
    const { actor, operation, key, input, prepare, show, wake } = mutation;
    const first = async (): Promise<(tx: Tx) => Promise<Stored>> => {
      const prepared = (await prepare?.()) as Awaited<Prepared>;
      return async (tx) => {
        const { resourceId, ...effect } = await work(tx, prepared);
        return this.write(tx, { ...effect, audit: entryOf(mutation, resourceId, 'ok') });
      };
    };
    const committed = (): void => {
      wake?.();
      this.outbox.notify();
    };
    try {
      const call = { actorId: actor.userId, operation, key, input };
      return await mutateOnce(this.database, call, { prepare: first, show, limits: TRANSACTION_LIMITS, committed });
    } catch (error) {
      if (error instanceof DomainError)
        await this.audit.recordRefusal(this.database, entryOf(mutation, null, error.code));
      throw error;
    }
  }

  /**
   * Commits a change that nobody repeats by a key: of a session, of what a host reports, of what a worker did.
   * @param wake wakes the worker for what the change made due
   */
  async run<Answer>(work: (tx: Tx) => Promise<Effect<Answer>>, wake?: () => void): Promise<Answer> {
    const effect = await this.database.$transaction(async (tx) => {
      const done = await work(tx);
      await this.write(tx, done);
      return done;
    }, TRANSACTION_LIMITS);
    wake?.();
    if (effect.events.length > 0) this.outbox.notify();
    return effect.answer;
  }

  /** Commits what an event asks for, once for each consumer however often the event is delivered. */
  async consume(
    consumer: string,
    event: Pick<EventEnvelope, 'id'>,
    work: (tx: Tx) => Promise<Effect>,
    wake?: () => void,
  ): Promise<void> {
    const once = async (tx: Tx): Promise<Effect> =>
      (await enterInbox(tx, consumer, event.id)) ? work(tx) : { answer: undefined, events: [] };
    await this.run(once, wake);
  }

  private async write<Answer>(tx: Tx, { answer, events, audit }: Effect<Answer>): Promise<Answer> {
    if (audit !== undefined) await this.audit.record(tx, audit);
    await appendToOutbox(tx, events);
    return answer;
  }
}

const entryOf = (
  mutation: Pick<Mutation<never, never, never>, 'actor' | 'operation' | 'verb' | 'resourceKind'>,
  resourceId: string | null,
  result: string,
): AuditEntry => ({
  actorId: mutation.actor.userId,
  verb: mutation.verb ?? mutation.operation,
  resourceKind: mutation.resourceKind,
  resourceId,
  result,
});
