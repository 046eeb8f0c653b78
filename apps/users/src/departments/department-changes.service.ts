import {
  DomainError,
  departmentCreated,
  membershipGranted,
  membershipRevoked,
  userAccessChanged,
  type Actor,
  type EventEnvelope,
} from '@infinibay/contracts';
import { can } from '@infinibay/access-domain';
import { Inject, Injectable } from '@nestjs/common';
import { newEvent } from '@infinibay/platform-persistence';
import type { Mutation } from '@infinibay/platform-subgraph';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Change, type Transaction } from '../database.js';
import { UserRepository } from '../accounts/user.repository.js';
import type { CreateDepartment, MembershipChange } from './department.inputs.js';
import type { Department } from './department.model.js';
import { DepartmentRepository, type StoredDepartment } from './department.repository.js';
import { DepartmentService } from './department.service.js';

/**
 * An administrator's changes to departments. Each returns the department as it was when it was done; for a repeated key
 * what the first call got, and DEPARTMENT_NOT_FOUND to an actor who may not see it now.
 */
@Injectable()
export class DepartmentChangesService {
  constructor(
    private readonly change: Change,
    private readonly departments: DepartmentRepository,
    private readonly users: UserRepository,
    private readonly reader: DepartmentService,
    @Inject(USERS_CONFIG) private readonly config: Pick<UsersConfig, 'DEPARTMENTS_PER_USER'>,
  ) {}

  /** @throws DomainError FORBIDDEN, NAME_TAKEN */
  create(actor: Actor, { idempotencyKey: key, ...input }: CreateDepartment): Promise<Department> {
    return this.commit({ actor, operation: 'createDepartment', key, input }, async (tx) => {
      if (!can(actor, 'create', { kind: 'department', departmentId: null }))
        throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
      const departmentId = await this.departments.create(tx, input.name);
      const resource = { kind: 'department', id: departmentId };
      const event = newEvent(departmentCreated, { departmentId, resource, data: { departmentId, name: input.name } });
      return { departmentId, events: [event] };
    });
  }

  /** @throws DomainError DEPARTMENT_NOT_FOUND, USER_NOT_FOUND, FORBIDDEN, DEPARTMENT_LIMIT_REACHED */
  addMember(actor: Actor, { idempotencyKey: key, ...input }: MembershipChange): Promise<Department> {
    return this.commit({ actor, operation: 'addDepartmentMember', key, input }, async (tx) => {
      const user = await this.authorise(tx, actor, input);
      const changed = await this.departments.addMember(tx, input.departmentId, input.userId);
      if (changed) await this.requireFew(tx, input.userId);
      return this.effect(membershipGranted, input, changed, user.disabled);
    });
  }

  /** @throws DomainError DEPARTMENT_NOT_FOUND, USER_NOT_FOUND, FORBIDDEN */
  removeMember(actor: Actor, { idempotencyKey: key, ...input }: MembershipChange): Promise<Department> {
    return this.commit({ actor, operation: 'removeDepartmentMember', key, input }, async (tx) => {
      const user = await this.authorise(tx, actor, input);
      const changed = await this.departments.removeMember(tx, input.departmentId, input.userId);
      return this.effect(membershipRevoked, input, changed, user.disabled);
    });
  }

  /** Several administrators at once may get a few further: what a session can carry is well beyond. */
  private async requireFew(tx: Transaction, userId: string): Promise<void> {
    const maximum = this.config.DEPARTMENTS_PER_USER;
    if ((await this.departments.countOfUser(tx, userId)) > maximum)
      throw new DomainError('DEPARTMENT_LIMIT_REACHED', { userId, maximum });
  }

  private commit(
    asked: Pick<Mutation<undefined, never, never>, 'operation' | 'key' | 'input'> & { readonly actor: Actor },
    work: (tx: Transaction) => Promise<Done>,
  ): Promise<Department> {
    const show = (stored: StoredDepartment | string) => this.reader.shown(asked.actor, stored);
    return this.change.commit({ ...asked, resourceKind: 'department', show }, async (tx) => {
      const { departmentId, events } = await work(tx);
      return { answer: await this.departments.stored(tx, departmentId), resourceId: departmentId, events };
    });
  }

  /** Whoever may not see the department hears that there is none; a member hears that this is for administrators. */
  private async authorise(
    tx: Transaction,
    actor: Actor,
    { departmentId, userId }: Membership,
  ): Promise<{ disabled: boolean }> {
    const resource = { kind: 'department', departmentId } as const;
    const [department] = can(actor, 'read', resource) ? await this.departments.findMany(tx, [departmentId]) : [];
    if (department === undefined) throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
    if (!can(actor, 'update', resource)) throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
    const user = await this.users.find(tx, userId);
    if (user === null) throw new DomainError('USER_NOT_FOUND', { userId });
    return { disabled: user.disabledAt !== null };
  }

  /** Tells of the membership, and that the user's open sessions must be looked at again; nothing when nothing changed. */
  private effect(
    contract: typeof membershipGranted | typeof membershipRevoked,
    { departmentId, userId }: Membership,
    changed: boolean,
    disabled: boolean,
  ): Done {
    if (!changed) return { departmentId, events: [] };
    const membership = newEvent(contract, {
      departmentId,
      resource: { kind: 'membership', id: userId },
      data: { departmentId, userId },
    });
    const access = newEvent(userAccessChanged, {
      departmentId: null,
      resource: { kind: 'user', id: userId },
      data: { userId, disabled },
    });
    return { departmentId, events: [membership, access] };
  }
}

interface Done {
  readonly departmentId: string;
  readonly events: readonly EventEnvelope[];
}

interface Membership {
  readonly departmentId: string;
  readonly userId: string;
}
