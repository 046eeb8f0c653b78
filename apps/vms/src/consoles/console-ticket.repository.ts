import { createHash } from 'node:crypto';
import { CONSOLE_TICKET_SECONDS, type ConsoleTicketClaims } from '@infinibay/platform-access';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { ConsoleTicket } from '../generated/prisma/client.js';

/** What names a ticket: an idempotency key names one of its actor's, but may name another when it is forgotten. */
export type TicketName = Pick<ConsoleTicketClaims, 'id' | 'actorId' | 'issuedAt'>;

const secondOf = (time: Date): number => Math.floor(time.getTime() / 1_000);

export const hashOfTicket = ({ id, actorId, issuedAt }: TicketName): string =>
  createHash('sha256')
    .update(JSON.stringify([actorId, id, secondOf(issuedAt)]))
    .digest('hex');

/** Tickets by the hash of their names. */
@Injectable()
export class ConsoleTicketRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Issues a ticket, by the database's clock. */
  async issue(tx: Transaction, claims: Omit<ConsoleTicketClaims, 'issuedAt'>): Promise<ConsoleTicket> {
    const { id, actorId, ...bound } = claims;
    const issuedAt = await databaseNow(tx);
    // As the ticket itself says it, which counts in whole seconds.
    const expiresAt = new Date((secondOf(issuedAt) + CONSOLE_TICKET_SECONDS) * 1_000);
    const idHash = hashOfTicket({ id, actorId, issuedAt });
    return tx.consoleTicket.create({ data: { ...bound, idHash, actorId, issuedAt, expiresAt } });
  }

  /** null: it was used, its time is over, or it is gone. */
  async findUsable(idHash: string): Promise<ConsoleTicket | null> {
    const now = await databaseNow(this.database);
    return this.database.consoleTicket.findFirst({ where: { idHash, redeemedAt: null, expiresAt: { gt: now } } });
  }

  /** Uses it up: of many at once one gets it. */
  async redeem(tx: Transaction, idHash: string): Promise<boolean> {
    const used = await tx.$executeRaw`UPDATE console_tickets SET redeemed_at = now()
      WHERE id_hash = ${idHash} AND redeemed_at IS NULL AND expires_at > now()`;
    return used !== 0;
  }
}
