import { DomainError } from '@infinibay/contracts';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { copyPercent } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Image, ImageCopy, Prisma } from '../generated/prisma/client.js';
import { OFFLINE_AFTER_MS } from './host.repository.js';

/** A host that has an image, is to get it, or could not get it. */
export interface ImagePlace {
  readonly imageId: string;
  readonly hostId: string;
  readonly state: 'READY' | 'COPYING' | 'FAILED';
  readonly progressPercent: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** A host that sends an image, and where. */
export interface ImageSender {
  readonly hostId: string;
  readonly url: string;
}

/** An image that a host lacks and can be given. */
export interface CopyableImage {
  readonly imageId: string;
  readonly hostId: string;
  readonly sizeBytes: bigint;
}

interface WantedCopy {
  readonly imageId: string;
  readonly hostId: string;
  /** Who asks; null: nobody waits. */
  readonly operationId: string | null;
}

type SqlReader = Pick<Transaction, '$queryRaw'>;

const ONLINE_SECONDS = OFFLINE_AFTER_MS / 1_000;

/** Images on their way from host to host. Those of one image are changed by who has the row of the image locked. */
@Injectable()
export class ImageCopyRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Where images are, and where they are to be, by image; in the order of the hosts. */
  async places(imageIds: readonly string[]): Promise<ReadonlyMap<string, ImagePlace[]>> {
    const where = { imageId: { in: [...imageIds] } };
    const [has, copies] = await Promise.all([
      this.database.hostImage.findMany({ where }),
      this.database.imageCopy.findMany({ where, include: { image: { select: { sizeBytes: true } } } }),
    ]);
    const there = has.map(({ imageId, hostId }): ImagePlace => {
      const about = { progressPercent: 100, errorCode: null, errorMessage: null };
      return { imageId, hostId, state: 'READY', ...about };
    });
    const known = new Set(there.map(({ imageId, hostId }) => `${imageId}/${hostId}`));
    const coming = copies
      .filter(({ imageId, hostId }) => !known.has(`${imageId}/${hostId}`))
      .map(({ image, ...copy }): ImagePlace => placeOf(copy, image.sizeBytes));
    const inOrder = [...there, ...coming].sort((a, b) => (a.hostId < b.hostId ? -1 : 1));
    return Map.groupBy(inOrder, ({ imageId }) => imageId);
  }

  find(tx: Transaction, imageId: string, hostId: string): Promise<ImageCopy | null> {
    return tx.imageCopy.findUnique({ where: { imageId_hostId: { imageId, hostId } } });
  }

  async isThere(tx: Transaction, imageId: string, hostId: string): Promise<boolean> {
    return (await tx.hostImage.count({ where: { hostId, imageId } })) > 0;
  }

  /** Copies of an image that are to be looked at, and the time by the database's clock. */
  async due(imageId: string): Promise<{ readonly copies: ImageCopy[]; readonly now: Date }> {
    const now = await databaseNow(this.database);
    const copies = await this.database.imageCopy.findMany({ where: { imageId, failedAt: null, dueAt: { lte: now } } });
    return { copies, now };
  }

  /** When the next one of an image is to be looked at; null: none is under way. */
  async nextDue(tx: Transaction, imageId: string): Promise<Date | null> {
    const { _min: first } = await tx.imageCopy.aggregate({
      where: { imageId, failedAt: null },
      _min: { dueAt: true },
    });
    return first.dueAt;
  }

  /**
   * Whether a host lacks an image that it could be given. What an operator puts on hosts is none of our business. The host
   * that an image was put on first tells of none for a while when its agent has begun anew: where no other has it either, it
   * is asked itself, as nobody else could send it.
   */
  async isMissing(imageId: string, hostId: string): Promise<boolean> {
    const lacking = { importedById: { not: null }, state: 'READY', hosts: { none: { hostId } } } as const;
    const givable = { OR: [{ hostId: { not: hostId } }, { hosts: { some: {} } }] };
    return (await this.database.image.count({ where: { id: imageId, ...lacking, ...givable } })) > 0;
  }

  /** Whether VMs wait for it that are to be made there. */
  async isAwaited({ imageId, hostId }: Pick<ImageCopy, 'imageId' | 'hostId'>): Promise<boolean> {
    const where: Prisma.VmWhereInput = {
      imageId,
      hostId,
      diskBuiltAt: null,
      cloneSourceId: null,
      state: { in: ['BUILDING', 'STARTING'] },
      desired: { not: 'DELETED' },
    };
    return (await this.database.vm.count({ where })) > 0;
  }

  /** Whether another host has told that it has the image. */
  async isElsewhere({ imageId, hostId }: Pick<ImageCopy, 'imageId' | 'hostId'>): Promise<boolean> {
    return (await this.database.hostImage.count({ where: { imageId, hostId: { not: hostId } } })) > 0;
  }

  /** Hosts that are heard of and send an image, those first that fewest read from. */
  async senders(imageId: string, readerHostId: string, client: SqlReader = this.database): Promise<ImageSender[]> {
    return client.$queryRaw<ImageSender[]>`
      SELECT h.id::text AS "hostId", h.image_copy_url AS url
      FROM host_images AS i JOIN hosts AS h ON h.id = i.host_id
      WHERE i.image_id = ${imageId}::uuid AND h.id <> ${readerHostId}::uuid AND h.image_copy_url IS NOT NULL
        AND h.last_seen_at > now() - make_interval(secs => ${ONLINE_SECONDS}::float8)
      ORDER BY (SELECT count(*) FROM image_copies AS c WHERE c.source_host_id = h.id AND c.failed_at IS NULL), h.id`;
  }

  /** Which of these images could be copied to which hosts that lack them: some host sends them, and the agent there reads. */
  async copyable(tx: SqlReader, imageIds: readonly string[]): Promise<CopyableImage[]> {
    return tx.$queryRaw<CopyableImage[]>`
      SELECT i.id::text AS "imageId", h.id::text AS "hostId", coalesce(i.size_bytes, 0)::int8 AS "sizeBytes"
      FROM images AS i CROSS JOIN hosts AS h
      WHERE i.id = ANY(${[...imageIds]}::uuid[]) AND i.imported_by_id IS NOT NULL AND i.state = 'READY'
        AND h.takes_image_copies
        AND NOT EXISTS (SELECT FROM host_images AS o WHERE o.image_id = i.id AND o.host_id = h.id)
        AND EXISTS (
          SELECT FROM host_images AS o JOIN hosts AS s ON s.id = o.host_id
          WHERE o.image_id = i.id AND s.image_copy_url IS NOT NULL
            AND s.last_seen_at > now() - make_interval(secs => ${ONLINE_SECONDS}::float8))`;
  }

  /** Every host that has an image, or may have something of it, whatever it tells just now. */
  async hostsOf({ id: imageId, hostId }: Pick<Image, 'id' | 'hostId'>): Promise<string[]> {
    const where = { imageId };
    const [has, copies, holders] = await Promise.all([
      this.database.hostImage.findMany({ where }),
      this.database.imageCopy.findMany({ where }),
      this.database.imageCopyHolder.findMany({ where }),
    ]);
    const hosts = [...has, ...copies, ...holders].map((one) => one.hostId);
    return [...new Set(hostId === null ? hosts : [hostId, ...hosts])];
  }

  /**
   * A host is to get an image from now on: begun anew, whatever became of it before.
   * @param wanted of an image that is READY, and whose row is locked
   */
  async begin(tx: Transaction, { imageId, hostId, operationId }: WantedCopy): Promise<ImageCopy> {
    const now = await databaseNow(tx);
    const data = {
      id: newId(),
      operationId,
      sourceHostId: null,
      receivedBytes: 0n,
      dueAt: now,
      failedAttempts: 0,
      mismatches: 0,
      failingSince: null,
      failedAt: null,
      errorCode: null,
      errorMessage: null,
      createdAt: now,
    };
    await tx.image.update({ where: { id: imageId }, data: { reconcileAt: now } });
    await tx.imageCopyHolder.createMany({ data: [{ imageId, hostId }], skipDuplicates: true });
    return tx.imageCopy.upsert({
      where: { imageId_hostId: { imageId, hostId } },
      create: { imageId, hostId, ...data },
      update: data,
    });
  }

  /**
   * For a VM that is to be made there: it is begun unless it is under way, and looked at.
   * @returns how much of it has come
   * @throws DomainError IMAGE_COPY_FAILED when it failed since the operation was asked for, IMAGE_BUSY
   */
  async want(
    tx: Transaction,
    { imageId, hostId, operationId }: WantedCopy,
  ): Promise<{ readonly isThere: boolean; readonly percent: number }> {
    await tx.$queryRaw`SELECT id FROM images WHERE id = ${imageId}::uuid FOR NO KEY UPDATE`;
    if (await this.isThere(tx, imageId, hostId)) return { isThere: true, percent: 100 };
    const image = await tx.image.findUniqueOrThrow({ where: { id: imageId } });
    if (image.state !== 'READY') throw new DomainError('IMAGE_BUSY', { state: image.state });
    const known = await this.find(tx, imageId, hostId);
    if (known !== null && (await this.hasFailedFor(tx, known, operationId))) throw failureOf(known);
    const copy = known?.failedAt === null ? known : await this.begin(tx, { imageId, hostId, operationId: null });
    // An instance of before, which knows no copies, has taken it for being at rest.
    if (known?.failedAt === null && image.reconcileAt === null) await this.hurry(tx, imageId);
    return { isThere: false, percent: percentOf(copy, image.sizeBytes) };
  }

  async update(tx: Transaction, id: string, data: Prisma.ImageCopyUncheckedUpdateInput): Promise<void> {
    await tx.imageCopy.update({ where: { id }, data });
  }

  /** The host has told that it has the image: nothing is to be done any more. */
  async remove(tx: Transaction, { id }: Pick<ImageCopy, 'id'>): Promise<void> {
    await tx.imageCopy.deleteMany({ where: { id } });
  }

  /** It was given up. @param isRemoved what had come: perhaps all of it, just before */
  async forget(tx: Transaction, { id, imageId, hostId }: ImageCopy, isRemoved: boolean): Promise<void> {
    await tx.imageCopy.deleteMany({ where: { id } });
    if (!isRemoved) return;
    await tx.imageCopyHolder.deleteMany({ where: { imageId, hostId } });
    await tx.hostImage.deleteMany({ where: { imageId, hostId } });
  }

  /** All that is under way of an image is looked at now. @param imageId of one whose row is locked */
  async hurry(tx: Transaction, imageId: string): Promise<void> {
    const now = await databaseNow(tx);
    await tx.imageCopy.updateMany({ where: { imageId, failedAt: null }, data: { dueAt: now } });
    await tx.image.update({ where: { id: imageId }, data: { reconcileAt: now } });
  }

  /** Whoever asks for it anew begins anew. */
  private async hasFailedFor(tx: Transaction, { failedAt }: ImageCopy, operationId: string | null): Promise<boolean> {
    if (failedAt === null) return false;
    if (operationId === null) return true;
    return (await tx.operation.count({ where: { id: operationId, createdAt: { lte: failedAt } } })) > 0;
  }
}

const percentOf = ({ receivedBytes }: Pick<ImageCopy, 'receivedBytes'>, sizeBytes: bigint | null): number =>
  copyPercent(Number(receivedBytes), Number(sizeBytes ?? 0n));

const placeOf = (copy: ImageCopy, sizeBytes: bigint | null): ImagePlace => {
  const { imageId, hostId, failedAt, errorCode, errorMessage } = copy;
  const state = failedAt === null ? 'COPYING' : 'FAILED';
  return { imageId, hostId, state, progressPercent: percentOf(copy, sizeBytes), errorCode, errorMessage };
};

const failureOf = ({ imageId, hostId, errorCode, errorMessage }: ImageCopy): DomainError => {
  const message = `The image could not be brought to the host: ${errorMessage ?? 'it is not known why'}`;
  return new DomainError('IMAGE_COPY_FAILED', { imageId, hostId, cause: errorCode }, { message });
};
