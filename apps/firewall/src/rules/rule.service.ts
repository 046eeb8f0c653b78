import { can, readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { connectionOf, type Connection, type Page } from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Rule } from '../generated/prisma/client.js';
import { RuleRepository } from './rule.repository.js';

/** Firewall rules as people read them. */
@Injectable()
export class RuleService {
  constructor(private readonly rules: RuleRepository) {}

  /** @throws DomainError RULE_NOT_FOUND, also for one of a department that the actor may not read. */
  async get(actor: Actor, id: string): Promise<Rule> {
    return readable(actor, isUuid(id) ? await this.rules.find(id) : null);
  }

  async readableByIds(actor: Actor, ids: readonly string[]): Promise<ReadonlyMap<string, Rule>> {
    const found = await this.rules.findReadable(onlyUuids(ids), readableDepartments(actor));
    return new Map(found.map((rule) => [rule.id, rule]));
  }

  /** @throws DomainError DEPARTMENT_NOT_FOUND. A VM that the actor may not see has no rules. */
  async page(actor: Actor, page: Page, filter: { departmentId?: string; vmId?: string }): Promise<Connection<Rule>> {
    const { departmentId, vmId } = filter;
    if (departmentId !== undefined && !can(actor, 'read', { kind: 'firewall-rule', departmentId })) {
      throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
    }
    if ([departmentId, vmId].some((id) => id !== undefined && !isUuid(id))) return connectionOf([], page, 0);
    const { rows, totalCount } = await this.rules.page(page, readableDepartments(actor), filter);
    return connectionOf(rows, page, totalCount);
  }

  /** The rules for every VM of those departments that the actor may read. */
  async ofDepartments(actor: Actor, departmentIds: readonly string[]): Promise<ReadonlyMap<string, Rule[]>> {
    const allowed = onlyUuids(departmentIds).filter((departmentId) =>
      can(actor, 'read', { kind: 'firewall-rule', departmentId }),
    );
    return Map.groupBy(await this.rules.listFor(allowed, []), (rule) => rule.departmentId);
  }
}

/** @throws DomainError RULE_NOT_FOUND */
export const readable = (actor: Actor, rule: Rule | null): Rule => {
  if (rule === null || !can(actor, 'read', { kind: 'firewall-rule', departmentId: rule.departmentId }))
    throw new DomainError('RULE_NOT_FOUND');
  return rule;
};
