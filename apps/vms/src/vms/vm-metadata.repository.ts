import type { GraphContext } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import { metadataOf, type VmMetadata } from './vm-metadata.js';

export interface NamedVm {
  readonly id: string;
  readonly name: string;
}

const SELECT = { vmId: true, description: true, tags: true } as const;
const NONE: VmMetadata = { description: '', tags: [] };

/** What people say of VMs. */
@Injectable()
export class VmMetadataRepository {
  constructor(private readonly database: PrismaClient) {}

  async find(tx: Transaction, vmId: string): Promise<VmMetadata> {
    const { description, tags } = (await tx.vmMetadata.findUnique({ where: { vmId }, select: SELECT })) ?? NONE;
    return { description, tags };
  }

  /** Also after a change of the name alone: text filters look into it. */
  async put(tx: Transaction, vmId: string, name: string, said: VmMetadata): Promise<void> {
    const data = metadataOf(name, said);
    await tx.vmMetadata.upsert({ where: { vmId }, create: { vmId, ...data }, update: data });
  }

  /** Living VMs that have none. */
  vmsWithout(most: number): Promise<NamedVm[]> {
    const where = { metadata: null, state: { not: 'DELETED' } } as const;
    return this.database.vm.findMany({ where, select: { id: true, name: true }, take: most });
  }

  /** Whoever describes one of them meanwhile is not overruled. */
  async fill(vms: readonly NamedVm[]): Promise<void> {
    const data = vms.map(({ id, name }) => ({ vmId: id, ...metadataOf(name, NONE) }));
    await this.database.vmMetadata.createMany({ data, skipDuplicates: true });
  }

  /** For VMs that the reader may see. */
  async of(graph: GraphContext, vmId: string): Promise<VmMetadata> {
    return (await this.loader(graph).load(vmId)) ?? NONE;
  }

  private loader(graph: GraphContext): DataLoader<string, VmMetadata | null> {
    return graph.loader<VmMetadata>('vm-metadata', async (ids) => {
      const rows = await this.database.vmMetadata.findMany({ where: { vmId: { in: [...ids] } }, select: SELECT });
      return new Map(rows.map((row) => [row.vmId, row]));
    });
  }
}
