import { databaseNow } from '@infinibay/platform-persistence';
import { UPLOAD_IDLE_MS } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { ImageUpload, Prisma } from '../generated/prisma/client.js';

/** Uploads that are under way, by their images. */
@Injectable()
export class ImageUploadRepository {
  constructor(private readonly database: PrismaClient) {}

  /** null: there is none, or it has ended. */
  find(imageId: string): Promise<ImageUpload | null> {
    return this.database.imageUpload.findUnique({ where: { imageId } });
  }

  async begin(tx: Transaction, upload: Omit<Prisma.ImageUploadUncheckedCreateInput, 'expiresAt'>): Promise<void> {
    await tx.imageUpload.create({ data: { ...upload, expiresAt: await idleEnd(tx) } });
  }

  /** How much of it its host has; more than before puts its end off. */
  async received(tx: Transaction, { imageId, receivedBytes: before }: ImageUpload, bytes: number): Promise<void> {
    const receivedBytes = BigInt(bytes);
    if (receivedBytes === before) return;
    const putOff = receivedBytes > before ? { expiresAt: await idleEnd(tx) } : {};
    await tx.imageUpload.updateMany({ where: { imageId }, data: { receivedBytes, ...putOff } });
  }

  /** Whether nobody has gone on with it for too long. */
  async isIdle(imageId: string): Promise<boolean> {
    const now = await databaseNow(this.database);
    return (await this.database.imageUpload.count({ where: { imageId, expiresAt: { lte: now } } })) > 0;
  }

  async end(tx: Transaction, imageId: string): Promise<void> {
    await tx.imageUpload.deleteMany({ where: { imageId } });
  }
}

const idleEnd = async (tx: Transaction): Promise<Date> => new Date((await databaseNow(tx)).getTime() + UPLOAD_IDLE_MS);
