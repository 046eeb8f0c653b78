import { Module } from '@nestjs/common';
import { DepartmentsModule } from '../departments/departments.module.js';
import { QuotaAdmission } from './quota.admission.js';
import { QuotaRepository } from './quota.repository.js';
import { QuotaResolver } from './quota.resolver.js';
import { QuotaService } from './quota.service.js';

@Module({
  imports: [DepartmentsModule],
  providers: [QuotaRepository, QuotaAdmission, QuotaService, QuotaResolver],
  exports: [QuotaAdmission],
})
export class QuotasModule {}
