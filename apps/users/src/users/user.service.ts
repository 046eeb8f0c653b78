import { DomainError, type Actor } from '@infinibay/contracts';
import { can } from '@infinibay/access-domain';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { connectionOf, type Connection, type Page } from '@infinibay/platform-graphql';
import { Database } from '../database.js';
import { toUser } from './user.mapper.js';
import type { User } from './user.model.js';
import { UserRepository, type StoredUser } from '../accounts/user.repository.js';

/** What an actor may see of users. */
@Injectable()
export class UserService {
  constructor(
    private readonly database: Database,
    private readonly users: UserRepository,
  ) {}

  /** @throws DomainError USER_NOT_FOUND, also for a user whom the actor may not see */
  async get(actor: Actor, id: string): Promise<User> {
    const user = (await this.findMany(actor, [id])).get(id);
    if (user === undefined) throw new DomainError('USER_NOT_FOUND', { userId: id });
    return user;
  }

  /**
   * The answer to a change, as it was then, by the rights of now.
   * @throws DomainError USER_NOT_FOUND
   */
  shown(actor: Actor, stored: StoredUser | string): User | Promise<User> {
    if (typeof stored === 'string') return this.get(actor, stored);
    if (!can(actor, 'read', { kind: 'user', departmentId: null, userId: stored.id }))
      throw new DomainError('USER_NOT_FOUND', { userId: stored.id });
    return { ...stored, createdAt: new Date(stored.createdAt) };
  }

  /** Those of the users that exist and that the actor may see. */
  async findMany(actor: Actor, ids: readonly string[]): Promise<ReadonlyMap<string, User>> {
    const readable = ids.filter(
      (id) => isUuid(id) && can(actor, 'read', { kind: 'user', departmentId: null, userId: id }),
    );
    if (readable.length === 0) return new Map();
    const rows = await this.users.findMany(this.database, readable);
    return new Map(rows.map((row) => [row.id, toUser(row)]));
  }

  /** @throws DomainError FORBIDDEN for anybody but administrators */
  async list(actor: Actor, page: Page, departmentId: string | null = null): Promise<Connection<User>> {
    if (!can(actor, 'administer', { kind: 'user', departmentId }))
      throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
    const { rows, totalCount } = await this.users.list(this.database, page, departmentId);
    return connectionOf(rows.map(toUser), page, totalCount);
  }
}
