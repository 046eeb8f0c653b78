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
import { OutboxRelayHolder, RequestClient } from '@infinibay/platform-messaging';
import { appendToOutbox, mutateOnce } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { Database, TRANSACTION_LIMITS, type Transaction } from '../database.js';
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

type RuleWork = (tx: Transaction) => Promise<Rule>;

/** Changes of firewall rules. Filters that a change touches are marked in its transaction and applied by the worker. */
@Injectable()
export class RuleChangesService {
  constructor(
    private readonly database: Database,
    private readonly rules: RuleRepository,
    private readonly filters: VmFilterRepository,
    private readonly requests: RequestClient,
    private readonly worker: FilterWorker,
    private readonly outbox: OutboxRelayHolder,
  ) {}

  /**
   * A repeated call gets the first one's answer, as every change here, whatever is gone since; RULE_NOT_FOUND when the
   * actor may not read the department now.
   * @throws DomainError DEPARTMENT_NOT_FOUND, VM_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT, RULE_LIMIT_REACHED
   */
  create(actor: Actor, input: CreateFirewallRule): Promise<Rule> {
    const { idempotencyKey, ...asked } = input;
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
    const prepare = async (): Promise<RuleWork> => {
      if (!can(actor, 'create', { kind: 'firewall-rule', departmentId }))
        throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
      await this.assertOwner(departmentId, vmId);
      return (tx) => this.insert(tx, { ...definition, departmentId, vmId, description, enabled });
    };
    const call = { key: idempotencyKey, operation: 'createFirewallRule', input: same };
    return this.change(actor, call, prepare, (stored) => this.shown(actor, stored));
  }

  /** @throws DomainError RULE_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT */
  update(actor: Actor, input: UpdateFirewallRule): Promise<Rule> {
    const { idempotencyKey, ...fields } = input;
    // To compare inputs, null and absent are the same; here null clears a field and absent leaves it.
    const asked = { ...fields, cleared: CLEARABLE.filter((field) => input[field] === null) };
    const call = { key: idempotencyKey, operation: 'updateFirewallRule', input: asked };
    const work: RuleWork = async (tx) => {
      const before = await this.lockRule(tx, actor, input.ruleId, 'update');
      const rule = await this.rules.update(tx, before.id, {
        ...normaliseRule(changedDefinition(before, input)),
        description: input.description ?? before.description,
        enabled: input.enabled ?? before.enabled,
      });
      await this.filters.invalidate(tx, rule.departmentId, rule.vmId);
      await appendToOutbox(tx, [ruleEvent(firewallRuleUpdated, rule)]);
      return rule;
    };
    return this.change(
      actor,
      call,
      () => work,
      (stored) => this.shown(actor, stored),
    );
  }

  /** @throws DomainError RULE_NOT_FOUND */
  async delete(actor: Actor, { idempotencyKey, ruleId }: DeleteFirewallRule): Promise<string> {
    const call = { key: idempotencyKey, operation: 'deleteFirewallRule', input: { ruleId } };
    const work: RuleWork = async (tx) => {
      const rule = await this.lockRule(tx, actor, ruleId, 'delete');
      await this.rules.delete(tx, rule.id);
      await this.filters.invalidate(tx, rule.departmentId, rule.vmId);
      await appendToOutbox(tx, [ruleEvent(firewallRuleDeleted, rule)]);
      return rule;
    };
    await this.change(
      actor,
      call,
      () => work,
      async (stored) => {
        if (stored !== null) await this.shown(actor, stored);
      },
    );
    return ruleId;
  }

  /** @param show what the actor gets; keys of older versions hold a rule's id, or null for a deleted one. */
  private async change<Answer>(
    actor: Actor,
    call: { key: string; operation: string; input: unknown },
    prepare: () => RuleWork | Promise<RuleWork>,
    show: (stored: StoredRule | string | null) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const answer = await mutateOnce(
      this.database,
      { actorId: actor.userId, ...call },
      {
        prepare: async () => {
          const work = await prepare();
          return async (tx: Transaction): Promise<StoredRule | string | null> => toStored(await work(tx));
        },
        show,
        limits: TRANSACTION_LIMITS,
      },
    );
    this.worker.wake();
    this.outbox.notify();
    return answer;
  }

  private async shown(actor: Actor, stored: StoredRule | string | null): Promise<Rule> {
    return readable(actor, typeof stored === 'string' ? await this.rules.find(stored) : ofStored(stored));
  }

  private async insert(tx: Transaction, rule: NewRule): Promise<Rule> {
    await this.filters.lockDepartment(tx, rule.departmentId);
    const { departmentId, vmId } = rule;
    if ((await this.rules.count(tx, departmentId, vmId)) >= MAX_RULES)
      throw new DomainError('RULE_LIMIT_REACHED', { limit: MAX_RULES });
    const created = await this.rules.create(tx, rule);
    await this.filters.invalidate(tx, departmentId, vmId);
    await appendToOutbox(tx, [ruleEvent(firewallRuleCreated, created)]);
    return created;
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
