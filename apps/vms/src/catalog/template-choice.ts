import { DomainError } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { TemplateVersionRepository, type KeptVersion } from './template-version.repository.js';
import { TemplateRepository } from './template.repository.js';

/** Which template a VM is asked to be made from. */
export interface ChosenTemplate {
  readonly departmentId: string;
  readonly templateId: string;
  /** null: the newest. */
  readonly templateVersion: number | null;
}

/** From what somebody says of a new VM to the version of a template. */
@Injectable()
export class TemplateChoice {
  constructor(
    private readonly templates: TemplateRepository,
    private readonly versions: TemplateVersionRepository,
  ) {}

  /**
   * A department's VMs are made from its own templates and from shared ones: another's are none of it, also for who is in both.
   * @throws DomainError TEMPLATE_NOT_FOUND, TEMPLATE_VERSION_NOT_FOUND
   */
  async find(tx: Transaction, { departmentId, templateId, templateVersion }: ChosenTemplate): Promise<KeptVersion> {
    const template = isUuid(templateId) ? await this.templates.find(tx, templateId) : null;
    if (template === null || (template.departmentId !== null && template.departmentId !== departmentId))
      throw new DomainError('TEMPLATE_NOT_FOUND');
    const number = templateVersion ?? template.version;
    const version = await this.versions.find(tx, { templateId, number });
    if (version !== null) return version;
    // It has its newest as long as it is there.
    if (number === template.version) throw new DomainError('TEMPLATE_NOT_FOUND');
    throw new DomainError('TEMPLATE_VERSION_NOT_FOUND', { version: number, newest: template.version });
  }
}
