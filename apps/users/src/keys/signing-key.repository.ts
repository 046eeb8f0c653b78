import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import type { JWK } from 'jose';
import { Database, type Transaction } from '../database.js';
import type { SigningKey } from '../generated/prisma/client.js';

/** A token signed just before its key was retired must be verifiable until it expires. */
const PUBLISHED = `retired_at IS NULL OR retired_at > now() - interval '1 hour'`;

export interface NewSigningKey {
  readonly id: string;
  readonly publicJwk: Record<string, string>;
  readonly sealedJwk: Uint8Array<ArrayBuffer>;
}

@Injectable()
export class SigningKeyRepository {
  constructor(private readonly database: Database) {}

  /** Instances that start together make one key: the others wait until the transaction ends. */
  async lock(tx: Transaction): Promise<void> {
    await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext('users.signing-keys'))`);
  }

  newest(tx: Transaction): Promise<SigningKey | null> {
    return tx.signingKey.findFirst({ where: { retiredAt: null }, orderBy: { createdAt: 'desc' } });
  }

  async create(tx: Transaction, key: NewSigningKey): Promise<void> {
    await tx.signingKey.create({ data: key });
  }

  async retire(tx: Transaction, id: string): Promise<void> {
    await tx.signingKey.update({ where: { id }, data: { retiredAt: await databaseNow(tx) } });
  }

  /** Public keys that tokens may be signed with, newest first. */
  async published(): Promise<JWK[]> {
    const rows = await this.database.$queryRawUnsafe<{ jwk: JWK }[]>(
      `SELECT public_jwk AS jwk FROM signing_keys WHERE ${PUBLISHED} ORDER BY created_at DESC LIMIT 8`,
    );
    return rows.map((row) => row.jwk);
  }
}
