import { Module } from '@nestjs/common';
import { KnownDepartments } from './known-departments.js';

@Module({ providers: [KnownDepartments], exports: [KnownDepartments] })
export class DepartmentsModule {}
