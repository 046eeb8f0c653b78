import { DomainError, type Actor } from '@infinibay/contracts';
import { can, readableDepartments } from '@infinibay/access-domain';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { connectionOf, type Connection, type Page } from '@infinibay/platform-graphql';
import { Database } from '../database.js';
import type { Department } from './department.model.js';
import { DepartmentRepository, type StoredDepartment } from './department.repository.js';

/** What an actor may see of departments. */
@Injectable()
export class DepartmentService {
  constructor(
    private readonly database: Database,
    private readonly departments: DepartmentRepository,
  ) {}

  /** @throws DomainError DEPARTMENT_NOT_FOUND, also for a department that the actor may not see */
  async get(actor: Actor, id: string): Promise<Department> {
    const department = (await this.findMany(actor, [id])).get(id);
    if (department === undefined) throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId: id });
    return department;
  }

  /**
   * The answer to a change, as it was then, by the rights of now.
   * @throws DomainError DEPARTMENT_NOT_FOUND
   */
  shown(actor: Actor, stored: StoredDepartment | string): Department | Promise<Department> {
    if (typeof stored === 'string') return this.get(actor, stored);
    if (!can(actor, 'read', { kind: 'department', departmentId: stored.id }))
      throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId: stored.id });
    return { ...stored, createdAt: new Date(stored.createdAt) };
  }

  /** Those of the departments that exist and that the actor may see. */
  async findMany(actor: Actor, ids: readonly string[]): Promise<ReadonlyMap<string, Department>> {
    const readable = ids.filter((id) => isUuid(id) && can(actor, 'read', { kind: 'department', departmentId: id }));
    if (readable.length === 0) return new Map();
    const rows = await this.departments.findMany(this.database, readable);
    return new Map(rows.map((row) => [row.id, row]));
  }

  async list(actor: Actor, page: Page): Promise<Connection<Department>> {
    const { rows, totalCount } = await this.departments.list(this.database, page, readableDepartments(actor));
    return connectionOf(rows, page, totalCount);
  }

  /** Departments of each of the users, as far as the actor may see them. */
  async findOfUsers(actor: Actor, userIds: readonly string[]): Promise<ReadonlyMap<string, Department[]>> {
    const rows = await this.departments.findOfUsers(this.database, userIds);
    const readable = rows.filter(({ department }) =>
      can(actor, 'read', { kind: 'department', departmentId: department.id }),
    );
    const found = new Map<string, Department[]>();
    for (const { userId, department } of readable) found.set(userId, [...(found.get(userId) ?? []), department]);
    return found;
  }
}
