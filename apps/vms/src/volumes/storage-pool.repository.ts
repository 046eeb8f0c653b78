import type { ObservedPool } from '@infinibay/contracts';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import type { PoolCandidate } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { StoragePool } from '../generated/prisma/client.js';
import { OFFLINE_AFTER_MS } from '../hosts/host.repository.js';

/** More hosts than one control plane has. */
const MAX_POOLS = 1_000;

@Injectable()
export class StoragePoolRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Records what a host says of its pools. One that it no longer tells of is not heard of, and stays. */
  async record(hostId: string, pools: readonly ObservedPool[]): Promise<void> {
    const observedAt = await databaseNow(this.database);
    for (const { name, kind, capacityBytes, availableBytes, problem } of pools) {
      const facts = {
        kind,
        capacityBytes: BigInt(capacityBytes),
        availableBytes: BigInt(availableBytes),
        problemCode: problem?.code ?? null,
        problemMessage: problem?.message ?? null,
        observedAt,
      };
      await this.database.storagePool.upsert({
        where: { hostId_name: { hostId, name } },
        create: { id: newId(), hostId, name, ...facts },
        update: facts,
      });
    }
  }

  /** Of one that its host has, also when it has not told of it yet: it is not heard of until then. */
  async idOf(tx: Transaction, hostId: string, name: string): Promise<string> {
    const unheard = { kind: 'dir', capacityBytes: 0n, availableBytes: 0n, observedAt: new Date(0) };
    const { id } = await tx.storagePool.upsert({
      where: { hostId_name: { hostId, name } },
      create: { id: newId(), hostId, name, ...unheard },
      update: {},
      select: { id: true },
    });
    return id;
  }

  /** @param where of one host, of one name or of one pool alone; all when left out */
  async candidates(
    tx: Transaction,
    where: { readonly id?: string; readonly hostId?: string; readonly name?: string },
  ): Promise<PoolCandidate[]> {
    const now = await databaseNow(tx);
    const rows = await tx.storagePool.findMany({ where, take: MAX_POOLS });
    return rows.map((row) => ({ ...row, isUsable: isUsable(row, now) }));
  }

  async list(): Promise<{ readonly rows: StoragePool[]; readonly now: Date }> {
    const rows = await this.database.storagePool.findMany({
      orderBy: [{ hostId: 'asc' }, { name: 'asc' }],
      take: MAX_POOLS,
    });
    return { rows, now: await databaseNow(this.database) };
  }

  async findMany(ids: readonly string[]): Promise<{ readonly rows: StoragePool[]; readonly now: Date }> {
    const rows = await this.database.storagePool.findMany({ where: { id: { in: [...ids] } } });
    return { rows, now: await databaseNow(this.database) };
  }
}

/** @param now by the database's clock, which `observedAt` was written with */
export const isUsable = ({ problemCode, observedAt }: StoragePool, now: Date): boolean =>
  problemCode === null && now.getTime() - observedAt.getTime() < OFFLINE_AFTER_MS;
