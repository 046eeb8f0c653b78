import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { connectionOf, parsePage, type CountedLater, type GraphContext } from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Inject, Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { StoragePoolRepository } from './storage-pool.repository.js';
import type { VolumesArgs } from './volume-list.inputs.js';
import { toStoragePool, toVolume } from './volume.mapper.js';
import type { StoragePool, Volume } from './volume.model.js';
import { VOLUME_OPTIONS, type VolumeOptions } from './volume-options.js';
import { VolumeRepository } from './volume.repository.js';

/** Volumes and pools as their readers see them. */
@Injectable()
export class VolumeService {
  constructor(
    private readonly volumes: VolumeRepository,
    private readonly storagePools: StoragePoolRepository,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
  ) {}

  /** @throws DomainError VOLUME_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<Volume> {
    const row = isUuid(id) ? await this.volumes.find(id, readableDepartments(actor)) : null;
    if (row === null) throw new DomainError('VOLUME_NOT_FOUND');
    return toVolume(row);
  }

  /** Newest first. An id that nothing can have matches nothing. @throws DomainError INVALID_INPUT */
  async page(actor: Actor, args: VolumesArgs): Promise<CountedLater<Volume>> {
    const page = parsePage(args);
    const { departmentId = null, vmId = null, attached = null } = args;
    const filter = { departmentId, vmId, isAttached: attached };
    const isPossible = [departmentId, vmId].every((id) => id === null || isUuid(id));
    const scope = readableDepartments(actor);
    const rows = isPossible ? await this.volumes.page(scope, filter, page) : [];
    const { nodes, pageInfo } = connectionOf(rows.map(toVolume), page, 0);
    return { nodes, pageInfo, count: async () => (isPossible ? this.volumes.count(scope, filter) : 0) };
  }

  loader(graph: GraphContext): DataLoader<string, Volume | null> {
    return graph.loader<Volume>('volume', async (ids, actor) => {
      const rows = await this.volumes.findMany(onlyUuids(ids), readableDepartments(actor));
      return new Map(rows.map((row) => [row.id, toVolume(row)]));
    });
  }

  /** By the ids of VMs. */
  ofVm(graph: GraphContext): DataLoader<string, Volume[] | null> {
    return graph.loader<Volume[]>('volumes-of-vm', async (vmIds, actor) => {
      const rows = await this.volumes.ofVms(onlyUuids(vmIds), readableDepartments(actor));
      return new Map([...rows].map(([vmId, volumes]) => [vmId, volumes.map(toVolume)]));
    });
  }

  async pools(actor: Actor): Promise<StoragePool[]> {
    const { rows, now } = await this.storagePools.list();
    return rows.map((row) => toStoragePool(row, actor, now, this.options.reservePercent));
  }

  poolLoader(graph: GraphContext): DataLoader<string, StoragePool | null> {
    return graph.loader<StoragePool>('storage-pool', async (ids, actor) => {
      const { rows, now } = await this.storagePools.findMany(onlyUuids(ids));
      return new Map(rows.map((row) => [row.id, toStoragePool(row, actor, now, this.options.reservePercent)]));
    });
  }
}
