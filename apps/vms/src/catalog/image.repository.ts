import type { GraphContext } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import type { Image as ImageRow } from '../generated/prisma/client.js';
import type { Image } from './image.model.js';
import { bytesToGib } from './sizes.js';

@Injectable()
export class ImageRepository {
  constructor(private readonly database: PrismaClient) {}

  async list(): Promise<Image[]> {
    const rows = await this.database.image.findMany({ orderBy: [{ name: 'asc' }, { version: 'desc' }] });
    return rows.map(toImage);
  }

  find(tx: Transaction, id: string): Promise<ImageRow | null> {
    return tx.image.findUnique({ where: { id } });
  }

  loader(graph: GraphContext): DataLoader<string, Image | null> {
    return graph.loader<Image>('image', async (ids) => {
      const rows = await this.database.image.findMany({ where: { id: { in: [...ids] } } });
      return new Map(rows.map((row) => [row.id, toImage(row)]));
    });
  }
}

const toImage = (row: ImageRow): Image => ({
  id: row.id,
  name: row.name,
  version: row.version,
  osFamily: row.osFamily,
  sha256: row.sha256,
  sizeGib: bytesToGib(row.virtualSizeBytes),
  minMemoryMib: row.minMemoryMib,
});
