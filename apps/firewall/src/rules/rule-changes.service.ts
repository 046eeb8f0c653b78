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
import { appendToOutbox, runOnce } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { Database, TRANSACTION_LIMITS, type Transaction } from '../database.js';
import { FilterWorker } from '../filters/filter.worker.js';
import { VmFilterRepository } from '../filters/vm-filter.repository.js';
import type { Rule } from '../generated/prisma/client.js';
import { ruleEvent } from './rule.events.js';
import type { CreateFirewallRule, DeleteFirewallRule, UpdateFirewallRule } from './rule.inputs.js';
import { changedDefinition } from './rule.mapper.js';
import { MAX_RULES } from './rule.limits.js';
import { RuleRepository, type NewRule } from './rule.repository.js';
import { readable } from './rule.service.js';

const CLEARABLE = ['portFrom', 'portTo', 'remoteCidr'] as const;

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

  /** @throws DomainError DEPARTMENT_NOT_FOUND, VM_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT, RULE_LIMIT_REACHED */
  async create(actor: Actor, input: CreateFirewallRule): Promise<Rule> {
    const { idempotencyKey, ...asked } = input;
    const { departmentId, description, enabled } = asked;
    const vmId = asked.vmId ?? null;
    if (!can(actor, 'create', { kind: 'firewall-rule', departmentId }))
      throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
    const definition = normaliseRule({
      ...asked,
      portFrom: asked.portFrom ?? null,
      portTo: asked.portTo ?? null,
      remoteCidr: asked.remoteCidr ?? null,
    });
    await this.assertOwner(departmentId, vmId);
    return this.change(actor, { key: idempotencyKey, operation: 'createFirewallRule', input: asked }, (tx) =>
      this.insert(tx, { ...definition, departmentId, vmId, description, enabled }),
    );
  }

  /** @throws DomainError RULE_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT */
  update(actor: Actor, input: UpdateFirewallRule): Promise<Rule> {
    const { idempotencyKey, ...fields } = input;
    // To compare inputs, null and absent are the same; here null clears a field and absent leaves it.
    const asked = { ...fields, cleared: CLEARABLE.filter((field) => input[field] === null) };
    return this.change(actor, { key: idempotencyKey, operation: 'updateFirewallRule', input: asked }, async (tx) => {
      const before = await this.lockRule(tx, actor, input.ruleId, 'update');
      const rule = await this.rules.update(tx, before.id, {
        ...normaliseRule(changedDefinition(before, input)),
        description: input.description ?? before.description,
        enabled: input.enabled ?? before.enabled,
      });
      await this.filters.touch(tx, rule.departmentId, rule.vmId);
      await appendToOutbox(tx, [ruleEvent(firewallRuleUpdated, rule)]);
      return rule.id;
    });
  }

  /** @throws DomainError RULE_NOT_FOUND */
  async delete(actor: Actor, { idempotencyKey, ruleId }: DeleteFirewallRule): Promise<string> {
    const call = { actorId: actor.userId, key: idempotencyKey, operation: 'deleteFirewallRule', input: { ruleId } };
    await this.commit((tx) =>
      runOnce(tx, call, async () => {
        const rule = await this.lockRule(tx, actor, ruleId, 'delete');
        await this.rules.delete(tx, rule.id);
        await this.filters.touch(tx, rule.departmentId, rule.vmId);
        await appendToOutbox(tx, [ruleEvent(firewallRuleDeleted, rule)]);
        return null;
      }),
    );
    return ruleId;
  }

  private async change(
    actor: Actor,
    call: { key: string; operation: string; input: unknown },
    work: (tx: Transaction) => Promise<string>,
  ): Promise<Rule> {
    const id = await this.commit((tx) => runOnce(tx, { actorId: actor.userId, ...call }, () => work(tx)));
    return readable(actor, await this.rules.find(id));
  }

  private async commit<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const result = await this.database.$transaction(work, TRANSACTION_LIMITS);
    this.worker.wake();
    this.outbox.notify();
    return result;
  }

  private async insert(tx: Transaction, rule: NewRule): Promise<string> {
    await this.filters.lockDepartment(tx, rule.departmentId);
    const { departmentId, vmId } = rule;
    if ((await this.rules.count(tx, departmentId, vmId)) >= MAX_RULES)
      throw new DomainError('RULE_LIMIT_REACHED', { limit: MAX_RULES });
    const created = await this.rules.create(tx, rule);
    await this.filters.touch(tx, departmentId, vmId);
    await appendToOutbox(tx, [ruleEvent(firewallRuleCreated, created)]);
    return created.id;
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
