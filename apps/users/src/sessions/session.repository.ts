import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { REFRESH_TOKEN_MS, hashRefreshToken, newRefreshToken } from './refresh-token.js';

export type EndReason = 'logout' | 'refresh-token-reused' | 'user-disabled' | 'password-changed';

export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** A refresh token as it was found, with its row locked until the transaction ends. */
export interface FoundToken {
  readonly session_id: string;
  readonly user_id: string;
  readonly used: boolean;
  readonly expired: boolean;
  readonly ended: boolean;
  readonly disabled: boolean;
}

const FIND_TOKEN = `
  SELECT token.session_id, session.user_id, token.used_at IS NOT NULL AS used, token.expires_at <= now() AS expired,
         session.ended_at IS NOT NULL AS ended, owner.disabled_at IS NOT NULL AS disabled
  FROM refresh_tokens AS token
  JOIN sessions AS session ON session.id = token.session_id
  JOIN users AS owner ON owner.id = session.user_id
  WHERE token.token_hash = $1
  FOR UPDATE OF token`;

@Injectable()
export class SessionRepository {
  async open(tx: Transaction, userId: string): Promise<{ id: string } & IssuedToken> {
    const expiresAt = new Date(Date.now() + REFRESH_TOKEN_MS);
    const { id } = await tx.session.create({ data: { userId, expiresAt }, select: { id: true } });
    return { id, ...(await this.issueToken(tx, id, expiresAt)) };
  }

  async find(tx: Transaction, tokenHash: Uint8Array): Promise<FoundToken | null> {
    const [row] = await tx.$queryRawUnsafe<FoundToken[]>(FIND_TOKEN, tokenHash);
    return row ?? null;
  }

  /** Uses up a token and issues the next one of the family. */
  async rotate(tx: Transaction, sessionId: string, tokenHash: Uint8Array<ArrayBuffer>): Promise<IssuedToken> {
    const expiresAt = new Date(Date.now() + REFRESH_TOKEN_MS);
    await tx.refreshToken.update({ where: { tokenHash }, data: { usedAt: new Date() } });
    await tx.session.update({ where: { id: sessionId }, data: { expiresAt } });
    return this.issueToken(tx, sessionId, expiresAt);
  }

  async end(tx: Transaction, sessionId: string, endReason: EndReason): Promise<void> {
    await tx.session.updateMany({ where: { id: sessionId, endedAt: null }, data: { endedAt: new Date(), endReason } });
  }

  /** @param except a session that goes on, such as that of the one who asks */
  async endAll(tx: Transaction, userId: string, endReason: EndReason, except: string | null): Promise<void> {
    await tx.session.updateMany({
      where: { userId, endedAt: null, ...(except === null ? {} : { id: { not: except } }) },
      data: { endedAt: new Date(), endReason },
    });
  }

  /** The user of an open session with role and memberships, or null when it is closed to them. */
  async findOpen(tx: Transaction, userId: string, sessionId: string) {
    const session = await tx.session.findFirst({
      where: { id: sessionId, userId, endedAt: null, expiresAt: { gt: new Date() }, user: { disabledAt: null } },
      select: { user: { select: { role: true, memberships: { select: { departmentId: true } } } } },
    });
    return session === null ? null : session.user;
  }

  /** Sessions that ended or expired before; their tokens go with them. */
  async prune(tx: Transaction, before: Date): Promise<number> {
    const { count } = await tx.session.deleteMany({
      where: { OR: [{ endedAt: { lt: before } }, { expiresAt: { lt: before } }] },
    });
    return count;
  }

  private async issueToken(tx: Transaction, sessionId: string, expiresAt: Date): Promise<IssuedToken> {
    const token = newRefreshToken();
    const tokenHash = hashRefreshToken(token);
    if (tokenHash === undefined) throw new Error('a new token must have the form of one');
    await tx.refreshToken.create({ data: { tokenHash, sessionId, expiresAt } });
    return { token, expiresAt };
  }
}
