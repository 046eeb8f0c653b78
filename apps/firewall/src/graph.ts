import type { Type } from '@nestjs/common';
import { DepartmentRef, VmRef, resolversOf } from '@infinibay/platform-graphql';
import { FiltersModule } from './filters/filters.module.js';
import { RuleChangesModule } from './rule-changes/rule-changes.module.js';
import { RulesModule } from './rules/rules.module.js';

/** The features, each with a part of the subgraph's schema. */
export const features: Type[] = [RulesModule, FiltersModule, RuleChangesModule];

/** All that makes the subgraph's schema; tools/graphql composes from them. */
export const resolvers: Type[] = resolversOf(features);

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [DepartmentRef, VmRef];
