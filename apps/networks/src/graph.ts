import { DepartmentRef, VmRef } from '@infinibay/platform-graphql';
import type { Type } from '@nestjs/common';
import { NetworkHostDifferencesResolver, NetworkHostsResolver } from './hosts/network-hosts.resolver.js';
import { DepartmentNetworksResolver } from './networks/department-networks.resolver.js';
import { NetworkResolver } from './networks/network.resolver.js';
import { NetworkPortsResolver } from './ports/network-ports.resolver.js';
import { PortResolver } from './ports/port.resolver.js';
import { VmPortsResolver } from './ports/vm-ports.resolver.js';

/** All that makes the subgraph's schema; the module provides them and tools/graphql composes from them. */
export const resolvers: Type[] = [
  NetworkResolver,
  NetworkPortsResolver,
  NetworkHostsResolver,
  NetworkHostDifferencesResolver,
  PortResolver,
  DepartmentNetworksResolver,
  VmPortsResolver,
];

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [DepartmentRef, VmRef];
