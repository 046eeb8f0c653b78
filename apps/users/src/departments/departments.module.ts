import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { DepartmentChangesService } from './department-changes.service.js';
import { DepartmentHandlers } from './department.handlers.js';
import { DepartmentRepository } from './department.repository.js';
import { DepartmentResolver } from './department.resolver.js';
import { DepartmentService } from './department.service.js';

@Module({
  imports: [AccountsModule],
  controllers: [DepartmentHandlers],
  providers: [DepartmentRepository, DepartmentService, DepartmentChangesService, DepartmentResolver],
  exports: [DepartmentRepository, DepartmentService],
})
export class DepartmentsModule {}
