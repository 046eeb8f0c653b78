import { can, readableDepartments, type Verb } from '@infinibay/access-domain';
import { DomainError, type Actor, type ErrorCode } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Template as TemplateRow } from '../generated/prisma/client.js';
import { KnownDepartments } from '../departments/known-departments.js';
import { TemplateContentCheck, isSameContents } from './template-contents.js';
import { MAX_VERSIONS, TemplateVersionRepository, type TemplateContents } from './template-version.repository.js';
import {
  CreateTemplate,
  DeleteTemplate,
  MAX_LISTED_TEMPLATES,
  UpdateTemplate,
  type TemplatesArgs,
} from './template.inputs.js';
import { TemplateRepository, type TemplateSummary } from './template.repository.js';

/** A person waits for the answer. */

/** What a repeated call gets too, when the template is gone by then. */
export interface TemplateFacts {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly diskBytes: number;
  /** Not of what an older version answered: that was shared, and its first. */
  readonly departmentId?: string | null;
  readonly version?: number;
}

interface Asked {
  readonly actor: Actor;
  /** The mutation, and what it does to a template. */
  readonly operation: string;
  readonly verb: Verb;
  readonly key: string;
  readonly input: unknown;
  readonly prepare?: () => Promise<void>;
  /** What whoever may not see the template hears. */
  readonly missing: ErrorCode;
}

/** Members of its department make, change and delete a template; shared ones are for administrators. */
@Injectable()
export class TemplateService {
  constructor(
    private readonly change: Change,
    private readonly templates: TemplateRepository,
    private readonly versions: TemplateVersionRepository,
    private readonly check: TemplateContentCheck,
    private readonly departments: KnownDepartments,
  ) {}

  /** @throws DomainError INVALID_INPUT */
  list(actor: Actor, { departmentId, first }: TemplatesArgs): Promise<TemplateRow[]> {
    if (first < 1 || first > MAX_LISTED_TEMPLATES)
      throw new DomainError('INVALID_INPUT', { field: 'first', minimum: 1, maximum: MAX_LISTED_TEMPLATES });
    return this.templates.list(readableDepartments(actor), departmentId ?? null, first);
  }

  /** @throws DomainError FORBIDDEN, INVALID_INPUT, DEPARTMENT_NOT_FOUND, IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY, NAME_TAKEN, TOO_MANY_TEMPLATES */
  create(actor: Actor, rawInput: unknown): Promise<TemplateFacts> {
    const { idempotencyKey: key, ...input } = validateInput(CreateTemplate, rawInput);
    const { name, departmentId, ...content } = input;
    // Within the commit, so that an attempt is found in the audit.
    const prepare = async (): Promise<void> => {
      requireRight(actor, 'create', departmentId, 'DEPARTMENT_NOT_FOUND');
      if (departmentId !== null) await this.departments.require(actor, departmentId);
    };
    const asked = { operation: 'createTemplate', verb: 'create', missing: 'DEPARTMENT_NOT_FOUND' } as const;
    return this.commit({ actor, key, input, prepare, ...asked }, async (tx) => {
      const contents = await this.check.contentsOf(tx, departmentId, content);
      const row = await this.templates.create(tx, { name, departmentId, ...summaryOf(contents) });
      await this.versions.add(tx, { templateId: row.id, number: row.version }, contents, actor.userId);
      return row;
    });
  }

  /**
   * Makes the next version; none where that would say the same.
   * @throws DomainError FORBIDDEN, INVALID_INPUT, TEMPLATE_NOT_FOUND, TEMPLATE_CHANGED, IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY, TOO_MANY_TEMPLATE_VERSIONS
   */
  update(actor: Actor, rawInput: unknown): Promise<TemplateFacts> {
    const { idempotencyKey: key, ...input } = validateInput(UpdateTemplate, rawInput);
    const { templateId, expectedVersion, ...content } = input;
    const asked = { operation: 'updateTemplate', verb: 'update', missing: 'TEMPLATE_NOT_FOUND' } as const;
    return this.commit({ actor, key, input, ...asked }, async (tx) => {
      const row = await this.lock(tx, actor, 'update', templateId);
      if (expectedVersion !== null && expectedVersion !== row.version)
        throw new DomainError('TEMPLATE_CHANGED', { expectedVersion, version: row.version });
      const contents = await this.check.contentsOf(tx, row.departmentId, content);
      const before = await this.versions.find(tx, { templateId, number: row.version });
      if (before !== null && isSameContents(before, contents)) return row;
      if (row.version >= MAX_VERSIONS) throw new DomainError('TOO_MANY_TEMPLATE_VERSIONS', { maximum: MAX_VERSIONS });
      const number = row.version + 1;
      await this.versions.add(tx, { templateId, number }, contents, actor.userId);
      return this.templates.advance(tx, templateId, number, summaryOf(contents));
    });
  }

  /** @throws DomainError FORBIDDEN, INVALID_INPUT, TEMPLATE_NOT_FOUND */
  delete(actor: Actor, rawInput: unknown): Promise<TemplateFacts> {
    const { idempotencyKey: key, ...input } = validateInput(DeleteTemplate, rawInput);
    const asked = { operation: 'deleteTemplate', verb: 'delete', missing: 'TEMPLATE_NOT_FOUND' } as const;
    return this.commit({ actor, key, input, ...asked }, async (tx) => {
      const row = await this.lock(tx, actor, 'delete', input.templateId);
      await this.templates.delete(tx, row.id);
      return row;
    });
  }

  /** @throws DomainError TEMPLATE_NOT_FOUND, FORBIDDEN */
  private async lock(tx: Transaction, actor: Actor, verb: Verb, id: string): Promise<TemplateRow> {
    const row = isUuid(id) ? await this.templates.lock(tx, id) : null;
    if (row === null) throw new DomainError('TEMPLATE_NOT_FOUND');
    requireRight(actor, verb, row.departmentId, 'TEMPLATE_NOT_FOUND');
    return row;
  }

  /** Who may not do it any more hears of a repeated call what a new one would be answered. */
  private commit(
    { verb, missing, ...asked }: Asked,
    work: (tx: Transaction) => Promise<TemplateRow>,
  ): Promise<TemplateFacts> {
    const show = (facts: TemplateFacts): TemplateFacts => {
      requireRight(asked.actor, verb, facts.departmentId ?? null, missing);
      return facts;
    };
    return this.change.commit({ ...asked, resourceKind: 'template', show }, async (tx) => {
      const row = await work(tx);
      return { answer: toFacts(row), resourceId: row.id, events: [] };
    });
  }
}

/** Whoever may not see a template hears that there is none; who may not change a shared one hears who may. */
const requireRight = (actor: Actor, verb: Verb, departmentId: string | null, missing: ErrorCode): void => {
  const template = { kind: 'template', departmentId } as const;
  if (!can(actor, 'read', template)) throw new DomainError(missing);
  if (!can(actor, verb, template)) throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
};

const summaryOf = ({ imageId, spec, diskBytes }: TemplateContents): TemplateSummary => ({
  imageId,
  vcpus: spec.vcpus,
  memoryMib: spec.memoryMib,
  diskBytes,
});

const toFacts = (row: TemplateRow): TemplateFacts => ({
  id: row.id,
  name: row.name,
  imageId: row.imageId,
  vcpus: row.vcpus,
  memoryMib: row.memoryMib,
  diskBytes: Number(row.diskBytes),
  departmentId: row.departmentId,
  version: row.version,
});
