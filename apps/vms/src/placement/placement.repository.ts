import { databaseNow } from '@infinibay/platform-persistence';
import { RULE_NAMES, countRefusals, type Decision } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Vm } from '../generated/prisma/client.js';
import { MAX_KEPT_HOSTS, recordOf, type PlacementRecord } from './placement.record.js';

// A rule that this version does not know any more stays readable, and so does what an older version did not measure.
const Rule = z.union([z.enum(RULE_NAMES), z.string()]);
const Amount = z.number().nullable();
const KeptRefusal = z.object({
  rule: Rule,
  message: z.string(),
  needed: Amount,
  available: Amount,
  ratio: Amount.default(null),
  groupId: z.string().nullable().default(null),
});
const KeptScore = z.object({
  filters: z.boolean(),
  unmetPreferences: z.number().default(0),
  freeMib: z.number(),
  vcpusPerCpu: z.number(),
});
const Verdicts = z.array(
  z.object({ hostId: z.string(), refusal: KeptRefusal.nullable(), score: KeptScore.nullable() }),
);
const Refusals = z.array(z.object({ rule: Rule, hosts: z.number() }));

const FOR_A_DRAIN = {
  id: true,
  departmentId: true,
  hostId: true,
  state: true,
  desired: true,
  errorCode: true,
  errorMessage: true,
  purgeAt: true,
} as const satisfies Prisma.VmSelect;
export type VmToDrain = Prisma.VmGetPayload<{ select: typeof FOR_A_DRAIN }>;

/** How much there is of a VM that could not go along to another host. */
export interface GoodsOfVm {
  readonly snapshots: number;
}

/** Why VMs are where they are. Rows go with their VM. */
@Injectable()
export class PlacementRepository {
  constructor(private readonly database: PrismaClient) {}

  async keep(tx: Transaction, vmId: string, decision: Decision): Promise<void> {
    const { verdicts } = decision;
    await tx.vmPlacement.create({
      data: {
        vmId,
        decidedAt: await databaseNow(tx),
        hostsConsidered: verdicts.length,
        refusals: countRefusals(verdicts).map((count) => ({ ...count })),
        verdicts: recordOf(decision, null).verdicts.map(({ refusal, score, hostId }) => ({
          hostId,
          refusal: refusal === null ? null : { ...refusal },
          score: score === null ? null : { ...score },
        })),
      },
    });
  }

  /** By VM; none for a VM that was placed before placements were kept. */
  async findMany(vmIds: readonly string[]): Promise<ReadonlyMap<string, PlacementRecord>> {
    const rows = await this.database.vmPlacement.findMany({ where: { vmId: { in: [...vmIds] } } });
    return new Map(
      rows.map(({ vmId, decidedAt, hostsConsidered, refusals, verdicts }) => [
        vmId,
        {
          decidedAt,
          hostCount: hostsConsidered,
          refusals: Refusals.parse(refusals),
          verdicts: Verdicts.parse(verdicts).slice(0, MAX_KEPT_HOSTS),
        },
      ]),
    );
  }

  /** VMs that would be lost with a host, by id: what is being deleted needs no other place. */
  async ofHost(tx: Transaction, hostId: string): Promise<Vm[]> {
    return tx.vm.findMany({ where: { hostId, state: { notIn: ['DELETING', 'DELETED'] } }, orderBy: { id: 'asc' } });
  }

  /** What a drain of a host goes by, of each VM there, by id. */
  async toDrain(tx: Transaction, hostId: string): Promise<VmToDrain[]> {
    const where: Prisma.VmWhereInput = { hostId, state: { not: 'DELETED' } };
    return tx.vm.findMany({ where, orderBy: { id: 'asc' }, select: FOR_A_DRAIN });
  }

  /** What of the VMs of a host could not go along to another, by VM. */
  async goodsOn(tx: Transaction, hostId: string): Promise<ReadonlyMap<string, GoodsOfVm>> {
    const rows = await tx.$queryRaw<(GoodsOfVm & { readonly id: string })[]>`
      SELECT v.id::text AS id,
        (SELECT count(*)::int FROM vm_snapshots AS s WHERE s.vm_id = v.id) AS snapshots
      FROM vms AS v WHERE v.host_id = ${hostId}::uuid AND v.state <> 'DELETED'`;
    return new Map(rows.map(({ id, snapshots }) => [id, { snapshots }]));
  }

  async named(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, Vm>> {
    const rows = await tx.vm.findMany({ where: { id: { in: [...ids] } } });
    return new Map(rows.map((row) => [row.id, row]));
  }
}
