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
import type { MutationEffect } from '@infinibay/platform-subgraph';
import { Change, type Transaction } from '../database.js';
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
    private readonly change: Change,
    private readonly users: UserRepository,
    private readonly departments: DepartmentRepository,
    private readonly sessions: SessionRepository,
    private readonly hasher: PasswordHasher,
    private readonly reader: UserService,
  ) {}

  /** @throws DomainError FORBIDDEN, EMAIL_TAKEN, DEPARTMENT_NOT_FOUND */
  create(actor: Actor, { idempotencyKey: key, password, ...asked }: CreateUser): Promise<User> {
    const input = { ...asked, password: this.hasher.fingerprint(password) };
    return this.change.commit(
      {
        ...this.about(actor),
        operation: 'createUser',
        key,
        input,
        // Before the transaction: a hash waits for its turn, and a connection must not wait with it.
        prepare: () => {
          if (!can(actor, 'create', { kind: 'user', departmentId: null }))
            throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
          return this.hasher.hash(password, ['known', actor.sessionId, actor.userId]);
        },
      },
      async (tx, passwordHash) => {
        await this.requireDepartments(tx, asked.departmentIds);
        return this.insert(tx, { ...asked, passwordHash });
      },
    );
  }

  /** @throws DomainError USER_NOT_FOUND, FORBIDDEN, LAST_ADMIN */
  setDisabled(actor: Actor, { idempotencyKey: key, ...input }: SetUserDisabled): Promise<User> {
    return this.change.commit({ ...this.about(actor), operation: 'setUserDisabled', key, input }, (tx) =>
      this.disable(tx, actor, input),
    );
  }

  private about(actor: Actor) {
    const show = (stored: StoredUser | string): User | Promise<User> => this.reader.shown(actor, stored);
    return { actor, resourceKind: 'user', show };
  }

  /** The user as it is now. */
  private async effect(
    tx: Transaction,
    userId: string,
    events: readonly EventEnvelope[],
  ): Promise<MutationEffect<StoredUser>> {
    return { answer: await this.users.stored(tx, userId), resourceId: userId, events };
  }

  private async insert(tx: Transaction, user: NewUser): Promise<MutationEffect<StoredUser>> {
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
    return this.effect(tx, userId, [created, ...granted]);
  }

  private async disable(
    tx: Transaction,
    actor: Actor,
    { userId, disabled }: { userId: string; disabled: boolean },
  ): Promise<MutationEffect<StoredUser>> {
    const resource = { kind: 'user', departmentId: null, userId } as const;
    const user = can(actor, 'read', resource) ? await this.users.find(tx, userId) : null;
    if (user === null) throw new DomainError('USER_NOT_FOUND', { userId });
    if (!can(actor, 'administer', resource)) throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
    if ((user.disabledAt !== null) === disabled) return this.effect(tx, userId, []);
    if (disabled) await this.keepAnAdmin(tx, userId);
    await this.users.setDisabled(tx, userId, disabled ? await databaseNow(tx) : null);
    if (disabled) await this.sessions.endAll(tx, userId, 'user-disabled', null);
    const event = newEvent(userAccessChanged, {
      departmentId: null,
      resource: { kind: 'user', id: userId },
      data: { userId, disabled },
    });
    return this.effect(tx, userId, [event]);
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
