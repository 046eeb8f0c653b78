import { DepartmentRef, VmRef } from '@infinibay/platform-graphql';
import type { Type } from '@nestjs/common';
import { VmFieldsResolver, VmFirewallResolver } from './filters/vm-firewall.resolver.js';
import { DepartmentRulesResolver } from './rules/department-rules.resolver.js';
import { FirewallRuleResolver } from './rules/rule.resolver.js';

/** All that makes the subgraph's schema; the module provides them and tools/graphql composes from them. */
export const resolvers: Type[] = [FirewallRuleResolver, DepartmentRulesResolver, VmFieldsResolver, VmFirewallResolver];

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [DepartmentRef, VmRef];
