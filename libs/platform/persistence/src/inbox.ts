import type { SqlTransaction } from './sql-client.js';

/**
 * Marks an event as handled by a consumer, in the transaction of its effects.
 * @returns false when it was handled before: the caller then does nothing.
 */
export const enterInbox = async (tx: SqlTransaction, consumer: string, eventId: string): Promise<boolean> => {
  const inserted = await tx.$executeRawUnsafe(
    `INSERT INTO inbox (consumer, event_id) VALUES ($1, $2::uuid) ON CONFLICT DO NOTHING`,
    consumer,
    eventId,
  );
  return inserted === 1;
};
