import type { GraphContext } from '@infinibay/platform-graphql';
import { CloudInit, TemplateLimits, checkedSpec, type VmSpec } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, TemplateVersion as VersionRow } from '../generated/prisma/client.js';

/** All that a version of a template gives a VM, and allows it. */
export interface TemplateContents {
  readonly imageId: string;
  readonly spec: VmSpec;
  readonly diskBytes: bigint;
  readonly cloudInit: CloudInit | null;
  readonly limits: TemplateLimits;
}

/** A version as it was made. */
export interface KeptVersion extends TemplateContents {
  readonly templateId: string;
  readonly number: number;
  /** null: it is from before versions. */
  readonly authorId: string | null;
  readonly createdAt: Date;
}

type Reader = Pick<Transaction, 'templateVersion'>;

interface VersionKey {
  readonly templateId: string;
  readonly number: number;
}

/** Versions of templates. None is ever written anew. */
@Injectable()
export class TemplateVersionRepository {
  constructor(private readonly database: PrismaClient) {}

  /** null: the template has none of that number. */
  async find(reader: Reader, key: VersionKey): Promise<KeptVersion | null> {
    const row = await reader.templateVersion.findUnique({ where: { templateId_number: key } });
    return row === null ? null : keptIn(row);
  }

  /** @param template locked, or made by the same transaction */
  async add(tx: Transaction, key: VersionKey, contents: TemplateContents, authorId: string): Promise<void> {
    const { imageId, diskBytes, spec, limits, cloudInit } = contents;
    const document = cloudInit === null ? {} : { cloudInit: { ...cloudInit } };
    await tx.templateVersion.create({
      data: { ...key, imageId, diskBytes, spec: { ...spec } as Prisma.JsonObject, limits, ...document, authorId },
    });
  }

  /** Newest first, those before a number. */
  async page(templateId: string, take: number, before: number | undefined): Promise<KeptVersion[]> {
    const rows = await this.database.templateVersion.findMany({
      where: { templateId, ...(before === undefined ? {} : { number: { lt: before } }) },
      orderBy: { number: 'desc' },
      take,
    });
    return rows.map(keptIn);
  }

  /** Of a template that the reader may see. */
  of(graph: GraphContext, { templateId, number }: VersionKey): Promise<KeptVersion | null> {
    return this.loader(graph).load(`${templateId}/${number}`);
  }

  private loader(graph: GraphContext): DataLoader<string, KeptVersion | null> {
    return graph.loader<KeptVersion>('template-version', async (names) => {
      const keys = names.map((name): VersionKey => {
        const [templateId = '', number = ''] = name.split('/');
        return { templateId, number: Number(number) };
      });
      const rows = await this.database.templateVersion.findMany({ where: { OR: keys } });
      return new Map(rows.map((row) => [`${row.templateId}/${row.number}`, keptIn(row)]));
    });
  }
}

const keptIn = ({ spec, cloudInit, limits, ...row }: VersionRow): KeptVersion => ({
  ...row,
  spec: checkedSpec(spec),
  cloudInit: cloudInit === null ? null : CloudInit.parse(cloudInit),
  limits: TemplateLimits.parse(limits),
});
