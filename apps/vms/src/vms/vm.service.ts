import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import {
  connectionOf,
  parsePage,
  type Connection,
  type GraphContext,
  type PageArgs,
} from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { toVm } from './vm.mapper.js';
import type { Vm } from './vm.model.js';
import { VmRepository, type VmFilter } from './vm.repository.js';

/** VMs as their readers see them. */
@Injectable()
export class VmService {
  constructor(private readonly vms: VmRepository) {}

  /** @throws DomainError VM_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<Vm> {
    const row = isUuid(id) ? await this.vms.find(id, readableDepartments(actor)) : null;
    if (row === null) throw new DomainError('VM_NOT_FOUND');
    return toVm(row);
  }

  async list(actor: Actor, filter: VmFilter, args: PageArgs): Promise<Connection<Vm>> {
    const page = parsePage(args);
    if (filter.departmentId !== null && !isUuid(filter.departmentId)) return connectionOf<Vm>([], page, 0);
    const { rows, totalCount } = await this.vms.list(readableDepartments(actor), filter, page);
    return connectionOf(rows.map(toVm), page, totalCount);
  }

  loader(graph: GraphContext): DataLoader<string, Vm | null> {
    return graph.loader<Vm>('vm', async (ids, actor) => {
      const rows = await this.vms.findMany(onlyUuids(ids), readableDepartments(actor));
      return new Map(rows.map((row) => [row.id, toVm(row)]));
    });
  }
}
