import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { DepartmentsModule } from '../departments/departments.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { DepartmentMembersResolver } from './department-members.resolver.js';
import { MyPasswordService } from './my-password.service.js';
import { UserChangesService } from './user-changes.service.js';
import { UserResolver } from './user.resolver.js';
import { UserService } from './user.service.js';

@Module({
  imports: [AccountsModule, PasswordsModule, DepartmentsModule, SessionsModule],
  providers: [UserService, UserChangesService, MyPasswordService, UserResolver, DepartmentMembersResolver],
})
export class UsersModule {}
