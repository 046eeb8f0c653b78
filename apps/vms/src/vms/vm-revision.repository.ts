import { currentContext } from '@infinibay/platform-logging';
import { changesBetweenSpecs, checkedSpec, type OperationKind, type VmSpec } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Vm as VmRow, VmRevision as VmRevisionRow } from '../generated/prisma/client.js';
import { cdromColumns } from './vm-cdrom.js';
import { columnsOf, specOf } from './vm-spec.js';

/** Who made a revision, and by what. */
export interface RevisionAuthor {
  readonly actorId: string;
  readonly operation: OperationKind;
}

type Reader = Pick<Transaction, 'vmRevision'>;

/** A document as the column takes it. */
const json = (document: unknown): Prisma.InputJsonValue =>
  JSON.parse(JSON.stringify(document)) as Prisma.InputJsonValue;

/**
 * What VMs were declared to be. A VM that an older version made has no row here until it is changed: until then its own
 * row is its first revision.
 */
@Injectable()
export class VmRevisionRepository {
  constructor(private readonly database: PrismaClient) {}

  async addFirst(tx: Transaction, vm: VmRow): Promise<void> {
    await tx.vmRevision.create({ data: { ...firstOf(vm), correlationId: currentContext().correlationId } });
  }

  /** Writes the first revision of a locked VM that has none written, before its row stops telling who made the VM. */
  async keepFirst(tx: Transaction, vm: VmRow): Promise<void> {
    if (vm.revision === 1) await tx.vmRevision.createMany({ data: [firstOf(vm)], skipDuplicates: true });
  }

  /**
   * Declares another spec of a VM that is locked: writes the revision and the columns that lists and placement read.
   * @param columns written with it
   * @returns what differs; nothing is written when nothing does
   */
  async declare(
    tx: Transaction,
    vm: VmRow,
    spec: VmSpec,
    { actorId, operation }: RevisionAuthor,
    columns: Prisma.VmUncheckedUpdateInput,
  ): Promise<readonly string[]> {
    const changes = changesBetweenSpecs(await this.current(tx, vm), spec);
    if (changes.length === 0) return [];
    await this.keepFirst(tx, vm);
    const number = vm.revision + 1;
    const { correlationId } = currentContext();
    await tx.vmRevision.create({
      data: {
        vmId: vm.id,
        number,
        spec: json(spec),
        changes: json(changes),
        operation,
        authorId: actorId,
        correlationId,
      },
    });
    const { autostart, hardware, cdrom } = spec;
    const ofMachine = { links: { ...spec.links }, hardware: json(hardware), ...cdromColumns(cdrom) };
    const declared = { ...columnsOf(spec), autostart, ...ofMachine };
    await tx.vm.update({ where: { id: vm.id }, data: { ...declared, ...columns, revision: number } });
    return changes.map(({ path }) => path);
  }

  /** The spec as it is declared now, with what a newer version may have added to it. */
  async current(tx: Reader, vm: VmRow): Promise<VmSpec> {
    const row = await tx.vmRevision.findUnique({ where: { vmId_number: { vmId: vm.id, number: vm.revision } } });
    const stored = z.looseObject({}).safeParse(row?.spec);
    return checkedSpec({ ...stored.data, ...specOf(vm) });
  }

  /** null when there is none of that number. */
  async find(vm: VmRow, number: number, reader: Reader = this.database): Promise<VmRevisionRow | null> {
    const row = await reader.vmRevision.findUnique({ where: { vmId_number: { vmId: vm.id, number } } });
    return row ?? (number === 1 && vm.revision === 1 ? { ...firstOf(vm), correlationId: null } : null);
  }

  /** Newest first, those before a number; one more than asked for, when there is more. */
  async page(vm: VmRow, first: number, before: number | undefined): Promise<VmRevisionRow[]> {
    const rows = await this.database.vmRevision.findMany({
      where: { vmId: vm.id, ...(before === undefined ? {} : { number: { lt: before } }) },
      orderBy: { number: 'desc' },
      take: first + 1,
    });
    const isUnwritten = vm.revision === 1 && rows.length === 0 && (before ?? 2) > 1;
    return isUnwritten ? [{ ...firstOf(vm), correlationId: null }] : rows;
  }
}

const firstOf = (vm: VmRow) => ({
  vmId: vm.id,
  number: 1,
  spec: { ...specOf(vm) } as Prisma.JsonObject,
  changes: [] as Prisma.JsonArray,
  operation: 'CREATE_VM' satisfies OperationKind,
  authorId: vm.ownerId,
  createdAt: vm.createdAt,
});
