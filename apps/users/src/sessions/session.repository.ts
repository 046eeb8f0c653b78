import { Injectable } from '@nestjs/common';
import type { ActorRole } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import type { Transaction } from '../database.js';
import { REFRESH_TOKEN_DAYS, hashRefreshToken, newRefreshToken } from './refresh-token.js';

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
  /** Used a moment ago, by the client with the same digest: a retry or a second tab. */
  readonly forgivable: boolean;
  readonly expired: boolean;
  readonly ended: boolean;
  readonly disabled: boolean;
}

/** Tokens of one parent, besides its first child: more than a client with many tabs needs is a thief's work. */
const MAX_REPEATS = 8;

const IN_DAYS = `now() + make_interval(days => ${REFRESH_TOKEN_DAYS})`;

export interface RefreshGrace {
  readonly seconds: number;
  /** Digest of the client that asks. */
  readonly client: string;
}

const FIND_TOKEN = `
  SELECT token.session_id, session.user_id, token.used_at IS NOT NULL AS used,
         coalesce(token.used_at > now() - make_interval(secs => $2::int) AND token.used_from = $3
                  AND token.repeats < $4::int, false) AS forgivable,
         token.expires_at <= now() AS expired,
         session.ended_at IS NOT NULL AS ended, owner.disabled_at IS NOT NULL AS disabled
  FROM refresh_tokens AS token
  JOIN sessions AS session ON session.id = token.session_id
  JOIN users AS owner ON owner.id = session.user_id
  WHERE token.token_hash = $1
  FOR UPDATE OF token`;

// The first use stays the one that the grace counts from.
const USE_TOKEN = `
  UPDATE refresh_tokens
  SET repeats = repeats + CASE WHEN used_at IS NULL THEN 0 ELSE 1 END,
      used_at = coalesce(used_at, now()), used_from = coalesce(used_from, $2)
  WHERE token_hash = $1`;

export interface OpenUser {
  readonly role: ActorRole;
  readonly departmentIds: string[];
}

const FIND_OPEN = `
  SELECT owner.role::text AS role,
         ARRAY(SELECT department_id::text FROM memberships WHERE user_id = owner.id) AS "departmentIds"
  FROM sessions AS session JOIN users AS owner ON owner.id = session.user_id
  WHERE session.id = $1::uuid AND session.user_id = $2::uuid AND session.ended_at IS NULL
    AND session.expires_at > now() AND owner.disabled_at IS NULL`;

/** When a refresh token that is made now expires, by the database's clock. */
const inDays = async (tx: Transaction): Promise<Date> => {
  const [row] = await tx.$queryRawUnsafe<{ at: Date }[]>(`SELECT ${IN_DAYS} AS at`);
  if (row === undefined) throw new Error('the database tells no time');
  return row.at;
};

@Injectable()
export class SessionRepository {
  async open(tx: Transaction, userId: string): Promise<{ id: string } & IssuedToken> {
    const expiresAt = await inDays(tx);
    const { id } = await tx.session.create({ data: { userId, expiresAt }, select: { id: true } });
    return { id, ...(await this.issueToken(tx, id, expiresAt)) };
  }

  async find(tx: Transaction, tokenHash: Uint8Array, grace: RefreshGrace): Promise<FoundToken | null> {
    const { seconds, client } = grace;
    const [row] = await tx.$queryRawUnsafe<FoundToken[]>(FIND_TOKEN, tokenHash, seconds, client, MAX_REPEATS);
    return row ?? null;
  }

  /** Uses up a token, or forgives that it was used, and issues the next one of the family. */
  async rotate(
    tx: Transaction,
    sessionId: string,
    tokenHash: Uint8Array<ArrayBuffer>,
    client: string,
  ): Promise<IssuedToken> {
    const expiresAt = await inDays(tx);
    await tx.$executeRawUnsafe(USE_TOKEN, tokenHash, client);
    await tx.session.update({ where: { id: sessionId }, data: { expiresAt } });
    return this.issueToken(tx, sessionId, expiresAt);
  }

  async end(tx: Transaction, sessionId: string, endReason: EndReason): Promise<void> {
    await tx.session.updateMany({
      where: { id: sessionId, endedAt: null },
      data: { endedAt: await databaseNow(tx), endReason },
    });
  }

  /** @param except a session that goes on, such as that of the one who asks */
  async endAll(tx: Transaction, userId: string, endReason: EndReason, except: string | null): Promise<void> {
    await tx.session.updateMany({
      where: { userId, endedAt: null, ...(except === null ? {} : { id: { not: except } }) },
      data: { endedAt: await databaseNow(tx), endReason },
    });
  }

  /** The user of an open session with role and memberships, or null when it is closed to them. */
  async findOpen(tx: Transaction, userId: string, sessionId: string): Promise<OpenUser | null> {
    const [user] = await tx.$queryRawUnsafe<OpenUser[]>(FIND_OPEN, sessionId, userId);
    return user ?? null;
  }

  private async issueToken(tx: Transaction, sessionId: string, expiresAt: Date): Promise<IssuedToken> {
    const token = newRefreshToken();
    const tokenHash = hashRefreshToken(token);
    if (tokenHash === undefined) throw new Error('a new token must have the form of one');
    await tx.refreshToken.create({ data: { tokenHash, sessionId, expiresAt } });
    return { token, expiresAt };
  }
}
