import type { Actor, EventEnvelope } from '@infinibay/contracts';
import { connectionOf, parsePage, validateInput, type PageArgs } from '@infinibay/platform-graphql';
import { currentContext } from '@infinibay/platform-logging';
import { newId } from '@infinibay/platform-persistence';
import type { DrainMode, DrainOutcome } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { requestOf, type NewBulkRequest } from '../bulk/bulk-request.repository.js';
import type { BulkTarget } from '../bulk/bulk-result.repository.js';
import { BulkOpening } from '../bulk/bulk.opening.js';
import { Change, type Transaction } from '../database.js';
import { requireAdministrator } from '../hosts/administrators.js';
import { MigrationRepository } from '../migrations/migration.repository.js';
import type { Operation } from '../operations/operation.model.js';
import { OperationService } from '../operations/operation.service.js';
import { parametersOf } from '../vm-changes/action-arguments.js';
import { toVm } from '../vms/vm.mapper.js';
import type { DrainPreviewConnection } from './drain.model.js';
import { DrainPlan, type PlannedDrain } from './drain.plan.js';
import { DrainHost } from './host-maintenance.inputs.js';
import { MaintenanceChange } from './maintenance.change.js';

/** Empties hosts of what runs there, by one request on all their VMs, and says before what that will do. */
@Injectable()
export class DrainService {
  constructor(
    private readonly change: Change,
    private readonly plan: DrainPlan,
    private readonly maintenance: MaintenanceChange,
    private readonly bulk: BulkOpening,
    private readonly operations: OperationService,
    private readonly migrations: MigrationRepository,
  ) {}

  /**
   * In the order of the ids of the VMs. Nothing is written.
   * @throws DomainError HOST_NOT_FOUND, INVALID_INPUT
   */
  async preview(hostId: string, mode: DrainMode, args: PageArgs): Promise<DrainPreviewConnection> {
    const page = parsePage(args);
    return this.plan.now(hostId, mode, async (foreseen, rowsOf) => {
      const all = foreseen.map(({ vm, verdict, targetHostId }) => ({ id: vm.id, targetHostId, ...verdict }));
      const rest = all.filter(({ id }) => page.after === undefined || id > page.after);
      const { nodes, ...where } = connectionOf(rest, page, all.length);
      const rows = await rowsOf(nodes.map(({ id }) => id));
      const shown = nodes.flatMap(({ id, outcome, reason, targetHostId }) => {
        const row = rows.get(id);
        return row === undefined ? [] : [{ vm: toVm(row), outcome, reason, targetHostId }];
      });
      const count = (what: DrainOutcome): number => all.filter(({ outcome }) => outcome === what).length;
      const counts = {
        migrateCount: count('MIGRATE'),
        shutDownCount: count('SHUT_DOWN'),
        blockedCount: count('BLOCKED'),
      };
      return { ...where, nodes: shown, ...counts };
    });
  }

  /**
   * Commits the maintenance, and one operation with a result for each VM that is not off. Whoever began something on the host is
   * waited for, so each VM either is among those or is refused.
   * @throws DomainError FORBIDDEN, INVALID_INPUT, HOST_NOT_FOUND
   */
  drain(actor: Actor, rawInput: unknown): Promise<Operation> {
    const { idempotencyKey: key, hostId, reason, mode, ...said } = validateInput(DrainHost, rawInput);
    const options = parametersOf('SHUTDOWN_VM', said);
    // Within the commit, so that an attempt is found in the audit.
    const prepare = (): void => {
      requireAdministrator(actor);
    };
    const show = ({ operationId }: { operationId: string }): Promise<Operation> => {
      requireAdministrator(actor);
      return this.operations.get(actor, operationId);
    };
    const wake = (): void => {
      this.bulk.wake();
    };
    // What is not said is not compared: a key of an older version, which could not say it, is known again.
    const input = { hostId, reason, ...options, ...(mode === 'SHUT_DOWN' ? {} : { mode }) };
    const asked = { actor, operation: 'drainHost', key, input, resourceKind: 'host', prepare, show, wake };
    return this.change.commit(asked, async (tx) => {
      const maintained = await this.maintenance.begin(tx, hostId, { byId: actor.userId, reason });
      const id = newId();
      const by = { actorId: actor.userId, actorRole: actor.role, idempotencyKey: key };
      const wanted = requestOf(mode);
      const parameters = { ...options, ...wanted.said };
      const request = { id, drainedHostId: hostId.toLowerCase(), kind: wanted.kind, parameters, ...by };
      const opened = await this.open(tx, request, mode);
      return { answer: { operationId: id }, resourceId: request.drainedHostId, events: [...maintained, ...opened] };
    });
  }

  private async open(
    tx: Transaction,
    request: Omit<NewBulkRequest, 'departmentId' | 'correlationId'> & { readonly drainedHostId: string },
    mode: DrainMode,
  ): Promise<EventEnvelope[]> {
    const { drainedHostId, actorId } = request;
    await this.bulk.endDrains(tx, drainedHostId);
    const here = (await this.plan.of(tx, drainedHostId, mode)).flatMap(targetOf);
    // What was not taken back in time runs here when it has come.
    const coming = (await this.migrations.comingTo(tx, drainedHostId)).map(({ vmId, departmentId }): BulkTarget => ({
      vmId,
      known: { departmentId, hostId: drainedHostId },
    }));
    const targets = [...here, ...coming];
    const { correlationId } = currentContext();
    // Of whatever departments its VMs are: hosts are for administrators alone, who see all operations.
    return this.bulk.open(tx, { ...request, departmentId: actorId, correlationId }, targets);
  }
}

const targetOf = ({ vm, verdict }: PlannedDrain): BulkTarget[] => {
  if (verdict.outcome === 'NOTHING') return [];
  const target = { vmId: vm.id, known: { departmentId: vm.departmentId, hostId: vm.hostId } };
  return [verdict.outcome === 'BLOCKED' ? { ...target, refusal: verdict.reason } : target];
};
