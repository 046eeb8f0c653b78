import type { GraphContext } from '@infinibay/platform-graphql';
import { CloudInit, TemplateLimits, checkedSpec, type VmSpec } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
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

/** Without what cloud-init finds, which may be a hundred times as long as the rest. */
export type VersionHead = Omit<KeptVersion, 'cloudInit'>;

/** Of one template: a version goes with its template only, and each may hold hundreds of KiB. */
export const MAX_VERSIONS = 500;

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

  /** To a template that is locked, or made by the same transaction. */
  async add(tx: Transaction, key: VersionKey, contents: TemplateContents, authorId: string): Promise<void> {
    const { imageId, diskBytes, spec, limits, cloudInit } = contents;
    const document = cloudInit === null ? {} : { cloudInit: { ...cloudInit } };
    await tx.templateVersion.create({
      data: { ...key, imageId, diskBytes, spec: { ...spec } as Prisma.JsonObject, limits, ...document, authorId },
    });
  }

  /** Newest first, those before a number. */
  async page(templateId: string, take: number, before: number | undefined): Promise<VersionHead[]> {
    const rows = await this.database.templateVersion.findMany({
      where: { templateId, ...(before === undefined ? {} : { number: { lt: before } }) },
      orderBy: { number: 'desc' },
      omit: { cloudInit: true },
      take,
    });
    return rows.map(headIn);
  }

  /** Of a template that the reader may see. */
  of(graph: GraphContext, key: VersionKey): Promise<VersionHead | null> {
    const heads = graph.loader<VersionHead>('template-version', async (names) => {
      const where = { OR: names.map(keyOf) };
      const rows = await this.database.templateVersion.findMany({ where, omit: { cloudInit: true } });
      return new Map(rows.map((row) => [nameOf(row), headIn(row)]));
    });
    return heads.load(nameOf(key));
  }

  /** What cloud-init finds by it. @param key of a template that the reader may see */
  cloudInitOf(graph: GraphContext, key: VersionKey): Promise<CloudInit | null> {
    const documents = graph.loader<CloudInit>('template-cloud-init', async (names) => {
      const where = { OR: names.map(keyOf) };
      const select = { templateId: true, number: true, cloudInit: true } as const;
      const rows = await this.database.templateVersion.findMany({ where, select });
      const said = rows.filter(({ cloudInit }) => cloudInit !== null);
      return new Map(said.map((row) => [nameOf(row), CloudInit.parse(row.cloudInit)]));
    });
    return documents.load(nameOf(key));
  }
}

const nameOf = ({ templateId, number }: VersionKey): string => `${templateId}/${number}`;

const keyOf = (name: string): VersionKey => {
  const [templateId = '', number = ''] = name.split('/');
  return { templateId, number: Number(number) };
};

const headIn = ({ spec, limits, ...row }: Omit<VersionRow, 'cloudInit'>): VersionHead => ({
  ...row,
  spec: checkedSpec(spec),
  limits: TemplateLimits.parse(limits),
});

const keptIn = ({ cloudInit, ...row }: VersionRow): KeptVersion => ({
  ...headIn(row),
  cloudInit: cloudInit === null ? null : CloudInit.parse(cloudInit),
});
