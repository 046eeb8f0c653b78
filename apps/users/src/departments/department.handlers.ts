import { findDepartments, findMembers, type ReplyInputOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Controller } from '@nestjs/common';
import { HandlesRequest } from '@infinibay/platform-messaging';
import { Database } from '../database.js';
import { DepartmentRepository } from './department.repository.js';

/** For other services: they check what their own actors may do. */
@Controller()
export class DepartmentHandlers {
  constructor(
    private readonly database: Database,
    private readonly departments: DepartmentRepository,
  ) {}

  @Authorize()
  @HandlesRequest(findDepartments)
  async find(request: RequestOf<typeof findDepartments>): Promise<ReplyInputOf<typeof findDepartments>> {
    const rows = await this.departments.findMany(this.database, request.departmentIds);
    return { departments: rows.map((row) => ({ departmentId: row.id, name: row.name })) };
  }

  @Authorize()
  @HandlesRequest(findMembers)
  async members({ departmentId, userIds }: RequestOf<typeof findMembers>): Promise<ReplyInputOf<typeof findMembers>> {
    return { userIds: await this.departments.activeMembers(this.database, departmentId, userIds) };
  }
}
