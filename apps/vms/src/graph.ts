import { DepartmentRef } from '@infinibay/platform-graphql';
import type { Type } from '@nestjs/common';
import { DepartmentResolver } from './departments/department.resolver.js';
import { HostResolver } from './hosts/host.resolver.js';
import { ImageResolver } from './images/image.resolver.js';
import { TemplateResolver } from './images/template.resolver.js';
import { OperationResolver } from './operations/operation.resolver.js';
import { GuestMetricsResolver } from './guest-metrics/guest-metrics.resolver.js';
import { UserRef } from './vms/user.model.js';
import { actionResolvers } from './vms/vm-mutation.resolver.js';
import { VmResolver } from './vms/vm.resolver.js';

/** All that makes the subgraph's schema; the module provides them and tools/graphql composes from them. */
export const resolvers: Type[] = [
  VmResolver,
  ...actionResolvers,
  OperationResolver,
  ImageResolver,
  TemplateResolver,
  HostResolver,
  GuestMetricsResolver,
  DepartmentResolver,
];

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [DepartmentRef, UserRef];
