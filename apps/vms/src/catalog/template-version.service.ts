import { parseSortedPage, sortedPageInfo, type GraphContext, type PageArgs } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { bytesToGib } from './sizes.js';
import { TemplateVersionRepository, type VersionHead } from './template-version.repository.js';
import type { Template, TemplateCloudInit, TemplateVersion, TemplateVersionConnection } from './template.model.js';

const BY_NUMBER = { field: 'NUMBER', direction: 'DESC' } as const;
/** GraphQL and PostgreSQL have no greater integer. */
const Number32 = z.int().min(1).max(2_147_483_647);

/** Versions of templates as the readers of those see them. */
@Injectable()
export class TemplateVersionService {
  constructor(private readonly versions: TemplateVersionRepository) {}

  /** @param number null: the newest @returns null when the template has none of that number */
  async version(graph: GraphContext, template: Template, number: number | null): Promise<TemplateVersion | null> {
    const key = { templateId: template.id, number: number ?? template.newestVersion };
    const kept = await this.versions.of(graph, key);
    return kept === null ? null : shown(kept, template);
  }

  /** @throws DomainError INVALID_INPUT */
  async page(template: Template, args: PageArgs): Promise<TemplateVersionConnection> {
    const page = parseSortedPage(args, BY_NUMBER, Number32);
    const before = Number32.safeParse(page.after?.value).data;
    const kept = await this.versions.page(template.id, page.first + 1, before);
    return {
      nodes: kept.slice(0, page.first).map((one) => shown(one, template)),
      totalCount: template.newestVersion,
      pageInfo: sortedPageInfo(
        kept.map(({ number }) => ({ value: number, id: template.id })),
        page,
        BY_NUMBER,
      ),
    };
  }

  /** null: it says nothing of it. */
  async cloudInit(graph: GraphContext, version: TemplateVersion): Promise<TemplateCloudInit | null> {
    const { templateId, number, departmentId } = version;
    const kept = await this.versions.cloudInitOf(graph, { templateId, number });
    if (kept === null) return null;
    return {
      userName: kept.userName,
      sshAuthorizedKeys: kept.sshAuthorizedKeys,
      hasPassword: kept.passwordHash !== null,
      packages: kept.packages,
      hasUserData: kept.userData !== null,
      departmentId,
      text: kept.userData,
    };
  }
}

const shown = ({ spec, ...kept }: VersionHead, { departmentId }: Template): TemplateVersion => ({
  number: kept.number,
  vcpus: spec.vcpus,
  maxVcpus: spec.maxVcpus,
  memoryMib: spec.memoryMib,
  maxMemoryMib: spec.maxMemoryMib,
  diskGib: bytesToGib(kept.diskBytes),
  autostart: spec.autostart,
  hardware: spec.hardware,
  limits: kept.limits,
  createdAt: kept.createdAt,
  templateId: kept.templateId,
  departmentId,
  imageId: kept.imageId,
  authorId: kept.authorId,
});
