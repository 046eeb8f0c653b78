import { can } from '@infinibay/access-domain';
import { DomainError, departmentQuotaChanged, isRetryable, type Actor, type EventEnvelope } from '@infinibay/contracts';
import { validateInput, type GraphContext } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import { newEvent } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { NOTHING, QUOTAS, UNLIMITED, type Limits, type Quantities } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { Change } from '../database.js';
import { KnownDepartments } from '../departments/known-departments.js';
import { SetDepartmentQuota } from './quota.inputs.js';
import { QuotaRepository } from './quota.repository.js';

/** What was set; also what a repeated call gets. */
export interface QuotaSet extends Limits {
  readonly departmentId: string;
}

/** How much departments may have, for administrators to set, and how much they have, for their members to see. */
@Injectable()
export class QuotaService {
  constructor(
    private readonly change: Change,
    private readonly stored: QuotaRepository,
    private readonly departments: KnownDepartments,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * May be less than what is used: that stays, and only what is new is refused.
   * @throws DomainError INVALID_INPUT, DEPARTMENT_NOT_FOUND, FORBIDDEN
   */
  set(actor: Actor, rawInput: unknown): Promise<QuotaSet> {
    const { idempotencyKey: key, ...input } = validateInput(SetDepartmentQuota, rawInput);
    const { departmentId, ...limits } = input;
    const prepare = async (): Promise<void> => {
      requireAdministrator(actor, departmentId);
      await this.requireDepartment(actor, departmentId);
    };
    const show = (set: QuotaSet): QuotaSet => {
      requireAdministrator(actor, departmentId);
      return set;
    };
    const asked = { actor, operation: 'setDepartmentQuota', key, input, resourceKind: 'department', prepare, show };
    return this.change.commit(asked, async (tx) => {
      const before = await this.stored.put(tx, departmentId, limits);
      const events = QUOTAS.every((quota) => before[quota] === limits[quota]) ? [] : [changedEvent(input)];
      return { answer: input, resourceId: departmentId, events };
    });
  }

  /** null: the reader may not see the department, or there is no such. */
  async limitsOf(graph: GraphContext, departmentId: string): Promise<Limits | null> {
    if (!maySee(graph, departmentId)) return null;
    const loader = graph.loader<Limits>('department-quota', (ids) => this.stored.limits(onlyUuids(ids)));
    return (await loader.load(departmentId)) ?? UNLIMITED;
  }

  /** null: the reader may not see the department, or there is no such. */
  async usageOf(graph: GraphContext, departmentId: string): Promise<Quantities | null> {
    if (!maySee(graph, departmentId)) return null;
    const loader = graph.loader<Quantities>('department-usage', (ids) => this.stored.usage(onlyUuids(ids)));
    return (await loader.load(departmentId)) ?? NOTHING;
  }

  /** A quota of a department that does not exist harms nobody: while users is away, it is set. @throws DomainError DEPARTMENT_NOT_FOUND */
  private async requireDepartment(actor: Actor, departmentId: string): Promise<void> {
    try {
      await this.departments.require(actor, departmentId);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      this.logger.warn({ err: error, departmentId }, 'users does not answer; the quota is set unseen');
    }
  }
}

/** Whoever may not see the department hears that there is none; a member hears that this is for administrators. */
const requireAdministrator = (actor: Actor, departmentId: string): void => {
  const department = { kind: 'department', departmentId } as const;
  if (!can(actor, 'read', department)) throw new DomainError('DEPARTMENT_NOT_FOUND');
  if (!can(actor, 'administer', department)) throw new DomainError('FORBIDDEN', { needs: 'ADMIN' });
};

const maySee = (graph: GraphContext, departmentId: string): boolean =>
  isUuid(departmentId) && can(graph.requireActor(), 'read', { kind: 'department', departmentId });

const changedEvent = (set: QuotaSet): EventEnvelope =>
  newEvent(departmentQuotaChanged, {
    departmentId: set.departmentId,
    resource: { kind: 'department', id: set.departmentId },
    data: set,
  });
