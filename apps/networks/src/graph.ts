import type { Type } from '@nestjs/common';
import { DepartmentRef, VmRef, resolversOf } from '@infinibay/platform-graphql';
import { HostsModule } from './hosts/hosts.module.js';
import { NetworkChangesModule } from './network-changes/network-changes.module.js';
import { NetworksModule } from './networks/networks.module.js';
import { PortsModule } from './ports/ports.module.js';
import { RangesModule } from './ranges/ranges.module.js';

/** The features; most have a part of the subgraph's schema. */
export const features: Type[] = [NetworksModule, RangesModule, HostsModule, PortsModule, NetworkChangesModule];

/** All that makes the subgraph's schema; tools/graphql composes from them. */
export const resolvers: Type[] = resolversOf(features);

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [DepartmentRef, VmRef];
