import { can } from '@infinibay/access-domain';
import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Cost, CurrentActor, Graph, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { VmCloudInit } from './vm-cloud-init.model.js';
import { VmCloudInitRepository } from './vm-cloud-init.repository.js';
import { Vm } from './vm.model.js';

@Resolver(() => Vm)
export class VmCloudInitResolver {
  constructor(private readonly cloudInits: VmCloudInitRepository) {}

  @Authorize()
  @ResolveField(() => VmCloudInit, {
    nullable: true,
    description: 'What cloud-init finds in the guest from its next start on; null when it finds nothing',
  })
  async cloudInit(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<VmCloudInit | null> {
    const kept = await this.cloudInits.of(graph, vm.id);
    if (kept === null) return null;
    const { passwordHash, userData, ...shown } = kept.wanted;
    return {
      ...shown,
      instanceId: kept.instanceId,
      hasPassword: passwordHash !== null,
      hasUserData: userData !== null,
      changedAt: kept.changedAt,
      departmentId: vm.departmentId,
      text: userData,
    };
  }
}

@Resolver(() => VmCloudInit)
export class CloudInitUserDataResolver {
  // Each is up to 64 KiB, and aliases multiply it.
  @Cost(200)
  @Authorize()
  @ResolveField(() => String, {
    nullable: true,
    description:
      'As it was given. It may hold secrets: null to whoever may see the VM and not operate it; every member of its department may operate it',
  })
  userData(@Parent() { departmentId, text }: VmCloudInit, @CurrentActor() actor: Actor): string | null {
    return can(actor, 'operate', { kind: 'vm', departmentId }) ? text : null;
  }
}
