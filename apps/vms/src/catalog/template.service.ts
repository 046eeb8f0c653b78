import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Template as TemplateRow } from '../generated/prisma/client.js';
import { requireImageMinimum } from './image-minimum.js';
import { ImageRepository } from './image.repository.js';
import { CreateTemplate, DeleteTemplate } from './template.inputs.js';
import { TemplateRepository } from './template.repository.js';

/** What a repeated call gets too, when the template is gone by then. */
export interface TemplateFacts {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly diskBytes: number;
}

/** Templates are for administrators to make and to delete. A VM copies what it needs: it outlives its template. */
@Injectable()
export class TemplateService {
  constructor(
    private readonly change: Change,
    private readonly templates: TemplateRepository,
    private readonly images: ImageRepository,
  ) {}

  /** @throws DomainError FORBIDDEN, INVALID_INPUT, IMAGE_NOT_FOUND, IMAGE_BUSY, NAME_TAKEN */
  create(actor: Actor, rawInput: unknown): Promise<TemplateFacts> {
    const { idempotencyKey: key, ...input } = validateInput(CreateTemplate, rawInput);
    return this.commit({ actor, operation: 'createTemplate', key, input }, (tx) => this.insert(tx, input));
  }

  /** @throws DomainError FORBIDDEN, INVALID_INPUT, TEMPLATE_NOT_FOUND */
  delete(actor: Actor, rawInput: unknown): Promise<TemplateFacts> {
    const { idempotencyKey: key, ...input } = validateInput(DeleteTemplate, rawInput);
    return this.commit({ actor, operation: 'deleteTemplate', key, input }, async (tx) => {
      const id = isUuid(input.templateId) ? input.templateId : null;
      const deleted = id === null ? null : await this.templates.delete(tx, id);
      if (deleted === null) throw new DomainError('TEMPLATE_NOT_FOUND');
      return deleted;
    });
  }

  /** Everybody may see templates: who is no administrator any more still hears FORBIDDEN, as for a new call. */
  private commit(
    asked: { readonly actor: Actor; readonly operation: string; readonly key: string; readonly input: unknown },
    work: (tx: Transaction) => Promise<TemplateRow>,
  ): Promise<TemplateFacts> {
    // Within the commit, so that an attempt is found in the audit.
    const prepare = (): void => {
      requireAdministrator(asked.actor);
    };
    const show = (facts: TemplateFacts): TemplateFacts => {
      requireAdministrator(asked.actor);
      return facts;
    };
    return this.change.commit({ ...asked, resourceKind: 'template', prepare, show }, async (tx) => {
      const row = await work(tx);
      return { answer: toFacts(row), resourceId: row.id, events: [] };
    });
  }

  private async insert(
    tx: Transaction,
    { diskBytes: bytes, ...input }: Omit<CreateTemplate, 'idempotencyKey'>,
  ): Promise<TemplateRow> {
    if (!isUuid(input.imageId)) throw new DomainError('IMAGE_NOT_FOUND');
    const image = await this.images.keep(tx, input.imageId);
    const diskBytes = BigInt(bytes);
    requireImageMinimum(image, { memoryMib: input.memoryMib, diskBytes });
    return this.templates.create(tx, { ...input, diskBytes });
  }
}

const requireAdministrator = (actor: Actor): void => {
  if (!can(actor, 'administer', { kind: 'platform', departmentId: null })) throw new DomainError('FORBIDDEN');
};

const toFacts = ({ id, name, imageId, vcpus, memoryMib, diskBytes }: TemplateRow): TemplateFacts => ({
  id,
  name,
  imageId,
  vcpus,
  memoryMib,
  diskBytes: Number(diskBytes),
});
