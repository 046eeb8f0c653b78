import { DomainError, type ActorRole } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { Page } from '@infinibay/platform-graphql';
import { isUniqueViolation } from '@infinibay/platform-persistence';
import { DEMO_EMAIL } from '../demo-account.js';
import type { Transaction } from '../database.js';

const PUBLIC = { id: true, email: true, name: true, role: true, disabledAt: true, createdAt: true } as const;

/** A user without the password hash. */
export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: ActorRole;
  readonly disabledAt: Date | null;
  readonly createdAt: Date;
}

/** A user as plain JSON: what a repeated call is answered from. */
export type StoredUser = Omit<UserRow, 'createdAt' | 'disabledAt'> & {
  readonly createdAt: string;
  readonly disabled: boolean;
};

export interface Credentials {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly disabledAt: Date | null;
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly role: ActorRole;
  readonly passwordHash: string;
  readonly departmentIds: readonly string[];
}

const CREDENTIALS = { id: true, email: true, passwordHash: true, disabledAt: true } as const;

@Injectable()
export class UserRepository {
  find(tx: Transaction, id: string): Promise<UserRow | null> {
    return tx.user.findUnique({ where: { id }, select: PUBLIC });
  }

  async stored(tx: Transaction, id: string): Promise<StoredUser> {
    const { disabledAt, createdAt, ...row } = await tx.user.findUniqueOrThrow({ where: { id }, select: PUBLIC });
    return { ...row, createdAt: createdAt.toISOString(), disabled: disabledAt !== null };
  }

  findMany(tx: Transaction, ids: readonly string[]): Promise<UserRow[]> {
    return tx.user.findMany({ where: { id: { in: [...ids] } }, select: PUBLIC });
  }

  /** @param email in lower case */
  findCredentials(tx: Transaction, email: string): Promise<Credentials | null> {
    return tx.user.findUnique({ where: { email }, select: CREDENTIALS });
  }

  findCredentialsById(tx: Transaction, id: string): Promise<Credentials | null> {
    return tx.user.findUnique({ where: { id }, select: CREDENTIALS });
  }

  /**
   * One row more than the page has, if there is one, and the count of all.
   * @param departmentId null for users of any department and of none
   */
  async list(
    tx: Transaction,
    page: Page,
    departmentId: string | null,
  ): Promise<{ rows: UserRow[]; totalCount: number }> {
    const where = departmentId === null ? {} : { memberships: { some: { departmentId } } };
    const after = page.after === undefined ? {} : { id: { gt: page.after } };
    const rows = await tx.user.findMany({
      where: { ...where, ...after },
      orderBy: { id: 'asc' },
      take: page.first + 1,
      select: PUBLIC,
    });
    return { rows, totalCount: await tx.user.count({ where }) };
  }

  /** @throws DomainError EMAIL_TAKEN */
  async create(tx: Transaction, user: NewUser): Promise<string> {
    const { departmentIds, ...data } = user;
    const memberships = { create: departmentIds.map((departmentId) => ({ departmentId })) };
    try {
      return (await tx.user.create({ data: { ...data, memberships }, select: { id: true } })).id;
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('EMAIL_TAKEN', { email: user.email }, { cause: error });
      throw error;
    }
  }

  /** How many administrators there are besides the demo account, which nobody has; others who ask wait until the transaction ends. */
  async countAdminsAlone(tx: Transaction): Promise<number> {
    await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext('users.first-admin'))`);
    return tx.user.count({ where: { role: 'ADMIN', email: { not: DEMO_EMAIL } } });
  }

  /**
   * Makes the demo account, or gives it another password. Instances that start together bring the same one: one after the
   * other, none fails on the unique e-mail.
   * @returns its id
   */
  async replaceDemo(tx: Transaction, passwordHash: string): Promise<string> {
    await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext('users.demo-admin'))`);
    const { id } = await tx.user.upsert({
      where: { email: DEMO_EMAIL },
      create: { email: DEMO_EMAIL, name: 'Demo', role: 'ADMIN', passwordHash },
      update: { passwordHash, disabledAt: null },
      select: { id: true },
    });
    return id;
  }

  /** @returns false when the user was so already: of several at once only one changes it */
  async setDisabled(tx: Transaction, id: string, disabledAt: Date | null): Promise<boolean> {
    const before = disabledAt === null ? { not: null } : null;
    const { count } = await tx.user.updateMany({ where: { id, disabledAt: before }, data: { disabledAt } });
    return count === 1;
  }

  async setPassword(tx: Transaction, id: string, passwordHash: string): Promise<void> {
    await tx.user.update({ where: { id }, data: { passwordHash } });
  }

  /** The user's password hash, with the row locked; null when there is no such user. */
  async lockCredentials(tx: Transaction, id: string): Promise<string | null> {
    const [row] = await tx.$queryRawUnsafe<{ hash: string }[]>(
      `SELECT password_hash AS hash FROM users WHERE id = $1::uuid FOR UPDATE`,
      id,
    );
    return row?.hash ?? null;
  }

  /** Whether the user may log in with that password hash; what would change that waits until the transaction ends. */
  async holdsCredentials(tx: Transaction, id: string, passwordHash: string): Promise<boolean> {
    const rows = await tx.$queryRawUnsafe<unknown[]>(
      `SELECT id FROM users WHERE id = $1::uuid AND password_hash = $2 AND disabled_at IS NULL FOR SHARE`,
      id,
      passwordHash,
    );
    return rows.length > 0;
  }

  /**
   * Locks the administrators who can log in, so that two of them cannot disable each other at once. The demo account is
   * none of them: nobody has its password.
   */
  async lockAdmins(tx: Transaction): Promise<string[]> {
    const rows = await tx.$queryRawUnsafe<{ id: string }[]>(
      `SELECT id::text FROM users WHERE role = 'ADMIN' AND disabled_at IS NULL AND email <> $1 ORDER BY id FOR UPDATE`,
      DEMO_EMAIL,
    );
    return rows.map((row) => row.id);
  }
}
