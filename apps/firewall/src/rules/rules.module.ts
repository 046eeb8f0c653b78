import { Module } from '@nestjs/common';
import { DepartmentRulesResolver } from './department-rules.resolver.js';
import { RuleRepository } from './rule.repository.js';
import { FirewallRuleResolver } from './rule.resolver.js';
import { RuleService } from './rule.service.js';

@Module({
  providers: [RuleRepository, RuleService, FirewallRuleResolver, DepartmentRulesResolver],
  exports: [RuleRepository, RuleService],
})
export class RulesModule {}
