import { Module } from '@nestjs/common';
import { FiltersModule } from '../filters/filters.module.js';
import { RulesModule } from '../rules/rules.module.js';
import { RuleChangesService } from './rule-changes.service.js';
import { RuleMutationResolver } from './rule-mutation.resolver.js';

@Module({
  imports: [RulesModule, FiltersModule],
  providers: [RuleChangesService, RuleMutationResolver],
})
export class RuleChangesModule {}
