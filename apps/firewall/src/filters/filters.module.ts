import { Module } from '@nestjs/common';
import { RulesModule } from '../rules/rules.module.js';
import { FilterApplicationService } from './filter-application.service.js';
import { FilterVerificationService } from './filter-verification.service.js';
import { FilterWorker } from './filter.worker.js';
import { HostEventController } from './host-event.controller.js';
import { KernelRulesService } from './kernel-rules.service.js';
import { ProtectionController } from './protection.controller.js';
import { ProtectionService } from './protection.service.js';
import { VmFilterRepository } from './vm-filter.repository.js';
import { VmFieldsResolver, VmFirewallResolver } from './vm-firewall.resolver.js';
import { VmFirewallService } from './vm-firewall.service.js';

@Module({
  imports: [RulesModule],
  controllers: [ProtectionController, HostEventController],
  providers: [
    VmFilterRepository,
    VmFirewallService,
    KernelRulesService,
    FilterApplicationService,
    FilterVerificationService,
    FilterWorker,
    ProtectionService,
    VmFieldsResolver,
    VmFirewallResolver,
  ],
  exports: [VmFilterRepository, FilterWorker],
})
export class FiltersModule {}
