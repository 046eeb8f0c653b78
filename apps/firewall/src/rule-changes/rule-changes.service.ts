import { can } from '@infinibay/access-domain';
import {
  DomainError,
  findDepartments,
  findVms,
  firewallRuleCreated,
  firewallRuleDeleted,
  firewallRuleUpdated,
  type Actor,
} from '@infinibay/contracts';
import { normaliseRule } from '@infinibay/firewall-domain';
import { RequestClient } from '@infinibay/platform-messaging';
import type { MutationEffect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import { FilterWorker } from '../filters/filter.worker.js';
import { VmFilterRepository } from '../filters/vm-filter.repository.js';
import type { Rule } from '../generated/prisma/client.js';
import { ruleEvent } from '../rules/rule.events.js';
import type { CreateFirewallRule, DeleteFirewallRule, UpdateFirewallRule } from '../rules/rule.inputs.js';
import { changedDefinition, ofStored, toStored, type StoredRule } from '../rules/rule.mapper.js';
import { MAX_RULES } from '../rules/rule.limits.js';
import { RuleRepository, type NewRule } from '../rules/rule.repository.js';
import { readable } from '../rules/rule.service.js';

const CLEARABLE = ['portFrom', 'portTo', 'remoteCidr'] as const;

/** Changes of firewall rules. Filters that a change touches are marked in its transaction and applied by the worker. */
@Injectable()
export class RuleChangesService {
  constructor(
    private readonly change: Change,
    private readonly rules: RuleRepository,
    private readonly filters: VmFilterRepository,
    private readonly requests: RequestClient,
    private readonly worker: FilterWorker,
  ) {}

  /**
   * A repeated call gets the first one's answer, as every change here, whatever is gone since; RULE_NOT_FOUND when the
   * actor may not read the department now.
   * @throws DomainError DEPARTMENT_NOT_FOUND, VM_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT, RULE_LIMIT_REACHED
   */
  create(actor: Actor, { idempotencyKey: key, ...asked }: CreateFirewallRule): Promise<Rule> {
    const { departmentId, description, enabled } = asked;
    const vmId = asked.vmId ?? null;
    const definition = normaliseRule({
      ...asked,
      portFrom: asked.portFrom ?? null,
      portTo: asked.portTo ?? null,
      remoteCidr: asked.remoteCidr ?? null,
    });
    // A single port may be written as one or as a range of one; an address with or without its host bits.
    const portTo = asked.portTo === asked.portFrom ? null : asked.portTo;
    const same = { ...asked, portTo, remoteCidr: definition.remoteCidr };
    return this.change.commit(
      {
        ...this.about(actor),
        operation: 'createFirewallRule',
        key,
        input: same,
        prepare: async () => {
          if (!can(actor, 'create', { kind: 'firewall-rule', departmentId }))
            throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
          await this.assertOwner(departmentId, vmId);
        },
        show: (stored: StoredRule | string) => this.shown(actor, stored),
      },
      (tx) => this.insert(tx, { ...definition, departmentId, vmId, description, enabled }),
    );
  }

  /** @throws DomainError RULE_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT */
  update(actor: Actor, { idempotencyKey: key, ...fields }: UpdateFirewallRule): Promise<Rule> {
    // To compare inputs, null and absent are the same; here null clears a field and absent leaves it.
    const input = { ...fields, cleared: CLEARABLE.filter((field) => fields[field] === null) };
    const show = (stored: StoredRule | string): Promise<Rule> => this.shown(actor, stored);
    return this.change.commit(
      { ...this.about(actor), operation: 'updateFirewallRule', key, input, show },
      async (tx) => {
        const before = await this.lockRule(tx, actor, fields.ruleId, 'update');
        const rule = await this.rules.update(tx, before.id, {
          ...normaliseRule(changedDefinition(before, fields)),
          description: fields.description ?? before.description,
          enabled: fields.enabled ?? before.enabled,
        });
        return this.changed(tx, firewallRuleUpdated, rule);
      },
    );
  }

  /** @throws DomainError RULE_NOT_FOUND */
  delete(actor: Actor, { idempotencyKey: key, ...input }: DeleteFirewallRule): Promise<string> {
    const { ruleId } = input;
    // Keys of older versions remember nothing: the actor named the id itself.
    const show = async (stored: StoredRule | null): Promise<string> =>
      stored === null ? ruleId : (await this.shown(actor, stored)).id;
    return this.change.commit(
      { ...this.about(actor), operation: 'deleteFirewallRule', key, input, show },
      async (tx) => {
        const rule = await this.lockRule(tx, actor, ruleId, 'delete');
        await this.rules.delete(tx, rule.id);
        return this.changed(tx, firewallRuleDeleted, rule);
      },
    );
  }

  private about(actor: Actor) {
    const wake = (): void => {
      this.worker.wake();
    };
    return { actor, resourceKind: 'firewall-rule', wake };
  }

  /** Filters that the rule is in must be applied again. */
  private async changed(
    tx: Transaction,
    contract: Parameters<typeof ruleEvent>[0],
    rule: Rule,
  ): Promise<MutationEffect<StoredRule>> {
    await this.filters.invalidate(tx, rule.departmentId, rule.vmId);
    return { answer: toStored(rule), resourceId: rule.id, events: [ruleEvent(contract, rule)] };
  }

  /** @param stored keys of older versions hold a rule's id */
  private async shown(actor: Actor, stored: StoredRule | string): Promise<Rule> {
    return readable(actor, typeof stored === 'string' ? await this.rules.find(stored) : ofStored(stored));
  }

  private async insert(tx: Transaction, rule: NewRule): Promise<MutationEffect<StoredRule>> {
    await this.filters.lockDepartment(tx, rule.departmentId);
    const { departmentId, vmId } = rule;
    if ((await this.rules.count(tx, departmentId, vmId)) >= MAX_RULES)
      throw new DomainError('RULE_LIMIT_REACHED', { limit: MAX_RULES });
    return this.changed(tx, firewallRuleCreated, await this.rules.create(tx, rule));
  }

  private async lockRule(tx: Transaction, actor: Actor, ruleId: string, verb: 'update' | 'delete'): Promise<Rule> {
    const { departmentId } = readable(actor, await this.rules.find(ruleId, tx));
    if (!can(actor, verb, { kind: 'firewall-rule', departmentId })) throw new DomainError('FORBIDDEN');
    await this.filters.lockDepartment(tx, departmentId);
    return readable(actor, await this.rules.find(ruleId, tx));
  }

  /** The department exists, and the VM is one of its own. */
  private async assertOwner(departmentId: string, vmId: string | null): Promise<void> {
    const { departments } = await this.requests.call(findDepartments, { departmentIds: [departmentId] });
    if (departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
    if (vmId === null) return;
    const { vms } = await this.requests.call(findVms, { vmIds: [vmId] });
    if (vms[0]?.departmentId !== departmentId) throw new DomainError('VM_NOT_FOUND', { vmId });
  }
}
