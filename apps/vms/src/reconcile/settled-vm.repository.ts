import { DISK_PROBLEM_CODES, type VmState } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import type { ObservedColumns } from '../vms/vm-spec.js';

const SETTLED = ['RUNNING', 'STOPPED', 'PAUSED'] as const satisfies VmState[];

export interface KnownVm {
  readonly id: string;
  readonly state: VmState;
}

/** VMs as what a host reports is compared with them. */
@Injectable()
export class SettledVmRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Those of the host on which no work is due. */
  ofHost(hostId: string): Promise<KnownVm[]> {
    return this.database.vm.findMany({
      where: { hostId, reconcileAt: null, state: { in: [...SETTLED] } },
      select: { id: true, state: true },
    });
  }

  /** Of these those of the host that no work is due on, whole. What one with saved memory waits for is in that memory. */
  restingOn(hostId: string, ids: readonly string[]): Promise<Vm[]> {
    return this.database.vm.findMany({
      where: { hostId, id: { in: [...ids] }, savedAt: null, reconcileAt: null, state: { in: [...SETTLED] } },
    });
  }

  /**
   * Writes how large a VM is found to be, unless anybody has touched it since it was read, or has found out the same.
   * @returns whether it was written
   */
  async showSizes({ id, fence, revision, appliedRevision, drift }: Vm, data: ObservedColumns): Promise<boolean> {
    const where = { id, fence, revision, appliedRevision, reconcileAt: null, state: { in: [...SETTLED] } };
    const asRead = { drift: { equals: drift ?? [] } };
    const { count } = await this.database.vm.updateMany({ where: { ...where, ...asRead }, data });
    return count > 0;
  }

  find(id: string): Promise<KnownVm | null> {
    return this.database.vm.findUnique({ where: { id }, select: { id: true, state: true } });
  }

  /** Settled ones of the host among these, and those whose disk was found bad before. */
  withDisks(hostId: string, ids: readonly string[]): Promise<(KnownVm & { readonly errorCode: string | null })[]> {
    return this.database.vm.findMany({
      where: {
        hostId,
        diskBuiltAt: { not: null },
        OR: [
          { id: { in: [...ids] }, state: { in: [...SETTLED] } },
          { state: 'ERROR', errorCode: { in: [...DISK_PROBLEM_CODES] } },
        ],
      },
      select: { id: true, state: true, errorCode: true },
    });
  }

  /** Those of the ids that are VMs and not deleted. */
  async living(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.database.vm.findMany({
      where: { id: { in: [...ids] }, state: { not: 'DELETED' } },
      select: { id: true },
    });
    return new Set(rows.map(({ id }) => id));
  }

  /** Has deleted VMs removed once more. @returns how many there are of them */
  async removeAgain(ids: readonly string[]): Promise<number> {
    const { count } = await this.database.vm.updateMany({
      where: { id: { in: [...ids] }, state: 'DELETED', reconcileAt: null },
      data: { reconcileAt: await databaseNow(this.database) },
    });
    return count;
  }
}
