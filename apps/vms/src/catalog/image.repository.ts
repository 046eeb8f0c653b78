import { departmentWhere, readableDepartments, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, nameKey, type Actor } from '@infinibay/contracts';
import type { GraphContext } from '@infinibay/platform-graphql';
import { isUniqueViolation } from '@infinibay/platform-persistence';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import type { Image as ImageRow, Prisma } from '../generated/prisma/client.js';
import { toImage } from './image.mapper.js';
import type { Image } from './image.model.js';
import { requireMedium, requireSource, requireUsable } from './usable-image.js';

/** More than anybody looks through. */
const MAX_LISTED = 1_000;

/** Who still has an image. */
export interface ImageUses {
  readonly vms: number;
  readonly templates: number;
}

@Injectable()
export class ImageRepository {
  constructor(private readonly database: PrismaClient) {}

  /** @param all whatever their state is, and ISOs; else those that a VM can be made from */
  async list(actor: Actor, all: boolean): Promise<Image[]> {
    const wanted = all ? { state: { not: 'DELETED' as const } } : { state: 'READY' as const, format: { not: 'iso' } };
    const rows = await this.database.image.findMany({
      where: { ...visibleImages(readableDepartments(actor)), ...wanted },
      orderBy: [{ name: 'asc' }, { version: 'desc' }],
      take: MAX_LISTED,
    });
    return rows.map(toImage);
  }

  find(tx: Pick<Transaction, 'image'>, id: string): Promise<ImageRow | null> {
    return tx.image.findUnique({ where: { id } });
  }

  /** Also one that is gone; null when there never was one, or it is not the actor's to see. */
  async findRow(actor: Actor, id: string): Promise<ImageRow | null> {
    if (!isUuid(id)) return null;
    return this.database.image.findFirst({ where: { id, ...visibleImages(readableDepartments(actor)) } });
  }

  /** The row as its worker sees it. */
  findAny(id: string): Promise<ImageRow | null> {
    return this.find(this.database, id);
  }

  /**
   * For who is about to use it: it is not deleted until the transaction ends. Those who ask do not wait for each other.
   * @param departmentId whose VM or template it is for; null: a template that is shared
   * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY
   */
  async keep(tx: Transaction, id: string, departmentId: string | null): Promise<ImageRow> {
    return requireUsable(await this.kept(tx, id), departmentId);
  }

  /** The same for a VM that may be installed from an ISO too. @throws DomainError IMAGE_NOT_FOUND, IMAGE_BUSY */
  async keepSource(tx: Transaction, id: string, departmentId: string): Promise<ImageRow> {
    return requireSource(await this.kept(tx, id), departmentId);
  }

  /**
   * The same for the drive of a VM.
   * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_AN_ISO, IMAGE_BUSY, IMAGE_NOT_ON_HOST
   */
  async keepMedium(
    tx: Transaction,
    id: string,
    { departmentId, hostId }: { readonly departmentId: string; readonly hostId: string },
  ): Promise<ImageRow> {
    const image = requireMedium(await this.kept(tx, id), departmentId);
    if ((await tx.hostImage.count({ where: { hostId, imageId: image.id } })) === 0)
      throw new DomainError('IMAGE_NOT_ON_HOST', { imageId: image.id, hostId });
    return image;
  }

  /**
   * An ISO that is the department's own stays with it: the drive of a VM that goes to another is empty then.
   * @param id of what is in the drive; null: nothing
   * @returns what is in it there
   */
  async staysIn(tx: Transaction, id: string | null, departmentId: string): Promise<string | null> {
    if (id === null) return null;
    const image = await tx.image.findUnique({ where: { id }, select: { departmentId: true } });
    const mayUse = image !== null && (image.departmentId === null || image.departmentId === departmentId);
    return mayUse ? id : null;
  }

  /** @throws DomainError IMAGE_NOT_FOUND for what is no id */
  private async kept(tx: Transaction, id: string): Promise<ImageRow | null> {
    if (!isUuid(id)) throw new DomainError('IMAGE_NOT_FOUND');
    await tx.$queryRaw`SELECT id FROM images WHERE id = ${id}::uuid FOR KEY SHARE`;
    return this.find(tx, id);
  }

  /** The row, locked until the transaction ends: nobody keeps it any more, and who did is committed. */
  async lock(tx: Transaction, id: string): Promise<ImageRow | null> {
    await tx.$queryRaw`SELECT id FROM images WHERE id = ${id}::uuid FOR UPDATE`;
    return this.find(tx, id);
  }

  /**
   * Of VMs all that are not deleted, wherever they went and whatever becomes of them: their disks read from it, or it is
   * in their drives.
   * Of templates those whose newest version has it. Lock it before.
   */
  async uses(tx: Transaction, imageId: string): Promise<ImageUses> {
    const vms = await tx.vm.count({
      where: { OR: [{ imageId }, { cdromImageId: imageId }], state: { not: 'DELETED' } },
    });
    return { vms, templates: await tx.template.count({ where: { imageId } }) };
  }

  /** For how long its worker has met nothing but failures, by the database's clock. */
  async failingMs(id: string): Promise<number> {
    const [row] = await this.database.$queryRaw<{ ms: number | null }[]>`
      SELECT (extract(epoch FROM now() - failing_since) * 1000)::float8 AS ms FROM images WHERE id = ${id}::uuid`;
    return row?.ms ?? 0;
  }

  /** Whether its host has told that it has it. */
  async isOn(hostId: string, imageId: string): Promise<boolean> {
    return (await this.database.hostImage.count({ where: { hostId, imageId } })) > 0;
  }

  /** Those of a department that there are. Until the transaction ends nobody else counts them. */
  async countOf(tx: Transaction, departmentId: string): Promise<number> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('vms.images'), hashtext(${departmentId}::text))`;
    return tx.image.count({ where: { departmentId, state: { not: 'DELETED' } } });
  }

  /** @throws DomainError NAME_TAKEN */
  async create(tx: Transaction, image: Prisma.ImageUncheckedCreateInput): Promise<ImageRow> {
    const { name } = image;
    try {
      return await tx.image.create({ data: { ...image, activeNameKey: nameKey(name) } });
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name }, { cause: error });
      throw error;
    }
  }

  update(tx: Transaction, id: string, data: Prisma.ImageUncheckedUpdateInput): Promise<ImageRow> {
    return tx.image.update({ where: { id }, data });
  }

  /** No host has it any more, or is to get it. */
  async forgetHosts(tx: Transaction, imageId: string): Promise<void> {
    await tx.imageCopy.deleteMany({ where: { imageId } });
    await tx.imageCopyHolder.deleteMany({ where: { imageId } });
    await tx.hostImage.deleteMany({ where: { imageId } });
  }

  loader(graph: GraphContext): DataLoader<string, Image | null> {
    return graph.loader<Image>('image', async (ids, actor) => {
      const where = { id: { in: onlyUuids(ids) }, ...visibleImages(readableDepartments(actor)) };
      const rows = await this.database.image.findMany({ where: { ...where, state: { not: 'DELETED' } } });
      return new Map(rows.map((row) => [row.id, toImage(row)]));
    });
  }
}

/** The twin of can(actor, 'read', image): those for all, and those of the departments. */
export const visibleImages = (scope: DepartmentScope): Prisma.ImageWhereInput =>
  scope.all ? {} : { OR: [{ departmentId: null }, departmentWhere(scope)] };
