import type { GraphContext } from '@infinibay/platform-graphql';
import { newId } from '@infinibay/platform-persistence';
import { CloudInit, isSameCloudInit } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import type { VmCloudInit as Row } from '../generated/prisma/client.js';

/** What cloud-init finds in a VM. */
export interface KeptCloudInit {
  readonly instanceId: string;
  readonly wanted: CloudInit;
  readonly changedAt: Date;
}

/** What cloud-init finds in VMs. */
@Injectable()
export class VmCloudInitRepository {
  constructor(private readonly database: PrismaClient) {}

  /** As it is now; null: cloud-init finds nothing. */
  async find(vmId: string, tx: Transaction | PrismaClient = this.database): Promise<KeptCloudInit | null> {
    const row = await tx.vmCloudInit.findUnique({ where: { vmId } });
    return row === null ? null : keptIn(row);
  }

  /**
   * What is so already keeps its instance.
   * @param wanted null: nothing is to be found any more
   * @returns whether that is a change
   */
  async put(tx: Transaction, vmId: string, wanted: CloudInit | null, changedAt: Date): Promise<boolean> {
    const before = await this.find(vmId, tx);
    if (isSameCloudInit(before?.wanted ?? null, wanted)) return false;
    if (wanted === null) await tx.vmCloudInit.delete({ where: { vmId } });
    else {
      const data = { instanceId: newId(), document: { ...wanted }, changedAt };
      await tx.vmCloudInit.upsert({ where: { vmId }, create: { vmId, ...data }, update: data });
    }
    return true;
  }

  /**
   * Has cloud-init do all of it again, as its card is another: it looks at the network of an instance once, and matches the
   * card by its address.
   */
  async renew(tx: Transaction, vmId: string): Promise<void> {
    await tx.vmCloudInit.updateMany({ where: { vmId }, data: { instanceId: newId() } });
  }

  /** For a VM that the reader may see. */
  of(graph: GraphContext, vmId: string): Promise<KeptCloudInit | null> {
    return this.loader(graph).load(vmId);
  }

  private loader(graph: GraphContext): DataLoader<string, KeptCloudInit | null> {
    return graph.loader<KeptCloudInit>('vm-cloud-init', async (ids) => {
      const rows = await this.database.vmCloudInit.findMany({ where: { vmId: { in: [...ids] } } });
      return new Map(rows.map((row) => [row.vmId, keptIn(row)]));
    });
  }
}

const keptIn = ({ instanceId, document, changedAt }: Row): KeptCloudInit => ({
  instanceId,
  wanted: CloudInit.parse(document),
  changedAt,
});
