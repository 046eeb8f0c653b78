import { Module } from '@nestjs/common';
import { QuotaAdmission } from './quota.admission.js';
import { QuotaRepository } from './quota.repository.js';
import { QuotaResolver } from './quota.resolver.js';
import { QuotaService } from './quota.service.js';

@Module({
  providers: [QuotaRepository, QuotaAdmission, QuotaService, QuotaResolver],
  exports: [QuotaAdmission],
})
export class QuotasModule {}
