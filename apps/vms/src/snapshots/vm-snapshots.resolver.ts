import { readableDepartments } from '@infinibay/access-domain';
import { Authorize } from '@infinibay/platform-access';
import { Graph, ListSize, UserRef, type GraphContext } from '@infinibay/platform-graphql';
import { onlyUuids } from '@infinibay/platform-subgraph';
import { MAX_SNAPSHOTS } from '@infinibay/vms-domain';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { bytesToGib } from '../catalog/sizes.js';
import type { VmSnapshot as SnapshotRow } from '../generated/prisma/client.js';
import { Vm } from '../vms/vm.model.js';
import { VmSnapshot } from './snapshot.model.js';
import { SnapshotRepository } from './snapshot.repository.js';

const toSnapshot = (row: SnapshotRow, currentId: string | null): VmSnapshot => ({
  id: row.id,
  name: row.name,
  description: row.description,
  state: row.state,
  hasMemory: row.hasMemory,
  memoryGib: bytesToGib(row.memoryBytes),
  parentId: row.parentId,
  isCurrent: row.id === currentId,
  volumeIds: row.volumeIds,
  createdAt: row.createdAt,
  takenAt: row.takenAt,
  authorId: row.authorId,
});

@Resolver(() => Vm)
export class VmSnapshotsResolver {
  constructor(private readonly stored: SnapshotRepository) {}

  @ListSize(MAX_SNAPSHOTS)
  @Authorize()
  @ResolveField(() => [VmSnapshot], {
    description: 'What it can be brought back to, oldest first; parentId makes a tree of them',
  })
  async snapshots(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<VmSnapshot[]> {
    const loader = graph.loader<VmSnapshot[]>('snapshots-of-vm', async (ids, actor) => {
      const vmIds = onlyUuids(ids);
      const [rows, current] = await Promise.all([
        this.stored.ofVms(vmIds, readableDepartments(actor)),
        this.stored.currentOf(vmIds),
      ]);
      return new Map(
        [...rows].map(([vmId, of]) => [vmId, of.map((row) => toSnapshot(row, current.get(vmId) ?? null))]),
      );
    });
    return (await loader.load(vm.id)) ?? [];
  }
}

@Resolver(() => VmSnapshot)
export class SnapshotAuthorResolver {
  @Authorize()
  @ResolveField(() => UserRef, {
    nullable: true,
    description: 'Who asked for it; null when the caller may not see that user',
  })
  author(@Parent() snapshot: VmSnapshot): UserRef {
    return { id: snapshot.authorId };
  }
}
