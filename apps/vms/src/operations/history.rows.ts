import type { KeptRows } from '@infinibay/platform-subgraph';

/** Long past, a ticket is not even asked for again by mistake. */
const TICKET_HOURS = 24;

/** What was: ended operations with their steps, VMs that are gone with what is left of theirs, volumes that are gone, and past tickets. */
export const historyRows = ({ HISTORY_KEEP_DAYS }: { HISTORY_KEEP_DAYS: number }): readonly KeptRows[] => {
  const keepHours = HISTORY_KEEP_DAYS * 24;
  return [
    { table: 'operations', endedAt: 'finished_at', keepHours },
    { table: 'console_tickets', endedAt: 'expires_at', keepHours: TICKET_HOURS },
    // A VM is gone when its removal has been carried out and none is due again.
    { table: 'vms', endedAt: "CASE WHEN state = 'DELETED' AND reconcile_at IS NULL THEN deleted_at END", keepHours },
    {
      table: 'volumes',
      endedAt: "CASE WHEN state = 'DELETED' AND reconcile_at IS NULL THEN deleted_at END",
      keepHours,
    },
  ];
};
