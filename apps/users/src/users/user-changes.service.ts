import {
  DomainError,
  membershipGranted,
  userAccessChanged,
  userCreated,
  type Actor,
  type EventEnvelope,
} from '@infinibay/contracts';
import { can } from '@infinibay/access-domain';
import { Injectable } from '@nestjs/common';
import { databaseNow, newEvent } from '@infinibay/platform-persistence';
import { Changes, type ChangeWork, type Effect, type Run } from '../changes/changes.js';
import type { Transaction } from '../database.js';
import { DepartmentRepository } from '../departments/department.repository.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { SessionRepository } from '../sessions/session.repository.js';
import type { CreateUser, SetUserDisabled } from './user.inputs.js';
import type { User } from './user.model.js';
import { UserRepository, type NewUser, type StoredUser } from '../accounts/user.repository.js';
import { UserService } from './user.service.js';

/**
 * An administrator's changes to users. Each returns the user as it was when it was done; for a repeated key what the
 * first call got, and USER_NOT_FOUND to an actor who may not see the user now.
 */
@Injectable()
export class UserChangesService {
  constructor(
    private readonly changes: Changes,
    private readonly users: UserRepository,
    private readonly departments: DepartmentRepository,
    private readonly sessions: SessionRepository,
    private readonly hasher: PasswordHasher,
    private readonly reader: UserService,
  ) {}

  /** @throws DomainError FORBIDDEN, EMAIL_TAKEN, DEPARTMENT_NOT_FOUND */
  async create(actor: Actor, { idempotencyKey, password, ...asked }: CreateUser): Promise<User> {
    const change = { actorId: actor.userId, operation: 'createUser', resourceKind: 'user', idempotencyKey } as const;
    const input = { ...asked, password: this.hasher.fingerprint(password) };
    // Before the transaction: a hash waits for its turn, and a connection must not wait with it.
    const prepare = async (): Promise<ChangeWork> => {
      if (!can(actor, 'create', { kind: 'user', departmentId: null }))
        throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
      const passwordHash = await this.hasher.hash(password, ['known', actor.sessionId, actor.userId]);
      return async (tx) => {
        await this.requireDepartments(tx, asked.departmentIds);
        return this.insert(tx, { ...asked, passwordHash });
      };
    };
    return this.changes.commit({ ...change, input }, { prepare, ...this.answer(actor) });
  }

  /** @throws DomainError USER_NOT_FOUND, FORBIDDEN, LAST_ADMIN */
  async setDisabled(actor: Actor, { idempotencyKey, ...input }: SetUserDisabled): Promise<User> {
    const change = {
      actorId: actor.userId,
      operation: 'setUserDisabled',
      resourceKind: 'user',
      idempotencyKey,
    } as const;
    const prepare = (): ChangeWork => (tx) => this.disable(tx, actor, input);
    return this.changes.commit({ ...change, input }, { prepare, ...this.answer(actor) });
  }

  private answer(actor: Actor): Pick<Run<StoredUser, User>, 'remember' | 'show'> {
    return {
      remember: (tx, id) => this.users.stored(tx, id),
      show: (stored) => this.reader.shown(actor, stored),
    };
  }

  private async insert(tx: Transaction, user: NewUser): Promise<Effect> {
    const userId = await this.users.create(tx, user);
    const created = newEvent(userCreated, {
      departmentId: null,
      resource: { kind: 'user', id: userId },
      data: { userId, role: user.role },
    });
    const granted = user.departmentIds.map((departmentId): EventEnvelope =>
      newEvent(membershipGranted, {
        departmentId,
        resource: { kind: 'membership', id: userId },
        data: { departmentId, userId },
      }),
    );
    return { resourceId: userId, events: [created, ...granted] };
  }

  private async disable(
    tx: Transaction,
    actor: Actor,
    { userId, disabled }: { userId: string; disabled: boolean },
  ): Promise<Effect> {
    const resource = { kind: 'user', departmentId: null, userId } as const;
    const user = can(actor, 'read', resource) ? await this.users.find(tx, userId) : null;
    if (user === null) throw new DomainError('USER_NOT_FOUND', { userId });
    if (!can(actor, 'administer', resource)) throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
    if ((user.disabledAt !== null) === disabled) return { resourceId: userId, events: [] };
    if (disabled) await this.keepAnAdmin(tx, userId);
    await this.users.setDisabled(tx, userId, disabled ? await databaseNow(tx) : null);
    if (disabled) await this.sessions.endAll(tx, userId, 'user-disabled', null);
    const event = newEvent(userAccessChanged, {
      departmentId: null,
      resource: { kind: 'user', id: userId },
      data: { userId, disabled },
    });
    return { resourceId: userId, events: [event] };
  }

  private async keepAnAdmin(tx: Transaction, userId: string): Promise<void> {
    const admins = await this.users.lockAdmins(tx);
    if (admins.includes(userId) && admins.length === 1) throw new DomainError('LAST_ADMIN', { userId });
  }

  private async requireDepartments(tx: Transaction, ids: readonly string[]): Promise<void> {
    const known = new Set((await this.departments.findMany(tx, ids)).map((department) => department.id));
    const departmentId = ids.find((id) => !known.has(id));
    if (departmentId !== undefined) throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
  }
}
