import { setTimeout as delay } from 'node:timers/promises';
import { isTransactionConflict } from './database-failure.js';
import { recallOnce, runOnce, type IdempotentCall } from './idempotency.js';
import type { SqlClient, SqlTransaction } from './sql-client.js';

/** Of transactions that wait for each other PostgreSQL ends one a second; the next attempt finds the others done. */
const ATTEMPTS = 4;
const PAUSE_MS = 50;

export interface Mutation<Tx, Stored, Answer> {
  /**
   * Every check that can fail, and every question to another service. A replay does none of it.
   * @returns the work, which ends in the whole answer as plain JSON
   */
  readonly prepare: () => Promise<(tx: Tx) => Promise<Stored>> | ((tx: Tx) => Promise<Stored>);
  /**
   * Makes the answer of what is stored; throws "not found" when the actor may not see it, by the rights of now: who has
   * lost a department gets no old answer about it. What older versions stored must stay readable here.
   */
  readonly show: (stored: Stored) => Answer | Promise<Answer>;
  readonly limits?: { readonly maxWait: number; readonly timeout: number };
  /** Called when this call's own work has been committed, before `show`; neither for a replay nor for what was rolled back. */
  readonly committed?: () => void;
}

/**
 * The one way in which a mutation with an idempotency key runs: the first call's answer is looked for before anything
 * else, so that a repetition gets it though what it named, its department or other services are gone since.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED when the key came with other input before, and what `mutation` throws.
 */
export const mutateOnce = async <Tx extends SqlTransaction, Stored, Answer>(
  database: SqlClient<Tx>,
  call: IdempotentCall,
  mutation: Mutation<Tx, Stored, Answer>,
): Promise<Answer> => {
  const known = await recallOnce<Stored>(database, call);
  return mutation.show(known === undefined ? await first(database, call, mutation) : known);
};

const first = async <Tx extends SqlTransaction, Stored, Answer>(
  database: SqlClient<Tx>,
  call: IdempotentCall,
  { prepare, limits, committed }: Mutation<Tx, Stored, Answer>,
): Promise<Stored> => {
  let hasWorked = false;
  const stored = await firstOrTwin(database, call, async () => {
    const work = await prepare();
    const once = (tx: Tx): Promise<Stored> =>
      runOnce(tx, call, () => {
        hasWorked = true;
        return work(tx);
      });
    return database.$transaction(once, limits);
  });
  if (hasWorked) committed?.();
  return stored;
};

const firstOrTwin = async <Stored>(
  database: SqlTransaction,
  call: IdempotentCall,
  attempt: () => Promise<Stored>,
  attemptsLeft = ATTEMPTS,
): Promise<Stored> => {
  try {
    return await attempt();
  } catch (error) {
    // Nothing of it was kept: what was checked is checked again.
    if (isTransactionConflict(error) && attemptsLeft > 1) {
      await delay(Math.random() * PAUSE_MS * (ATTEMPTS - attemptsLeft + 1));
      return firstOrTwin(database, call, attempt, attemptsLeft - 1);
    }
    // A twin may have come first meanwhile, or only the word of our commit was lost: then it failed because it is done.
    const known = await recallOnce<Stored>(database, call).catch(() => undefined);
    if (known === undefined) throw error;
    return known;
  }
};
