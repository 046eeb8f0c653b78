import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { currentContext } from '@infinibay/platform-logging';
import { newId } from '@infinibay/platform-persistence';
import { optionsOf, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { Change } from '../database.js';
import type { Operation } from '../operations/operation.model.js';
import { OperationService } from '../operations/operation.service.js';
import { parametersOf } from '../vm-changes/action-arguments.js';
import type { BulkKind } from './bulk.actions.js';
import { BulkVms } from './bulk.inputs.js';
import { BulkOpening } from './bulk.opening.js';
import type { BulkTarget } from './bulk-result.repository.js';
import { BulkTargets } from './bulk.targets.js';

/** Accepts requests on many VMs. Each VM is asked after that, by the worker. */
@Injectable()
export class BulkService {
  constructor(
    private readonly change: Change,
    private readonly targets: BulkTargets,
    private readonly opening: BulkOpening,
    private readonly operations: OperationService,
  ) {}

  /**
   * Commits the request with the VMs that it is about. Which those are is decided now, and never again.
   * @throws DomainError INVALID_INPUT, TOO_MANY_VMS
   */
  async request(actor: Actor, rawInput: unknown): Promise<Operation> {
    const { idempotencyKey: key, action: kind, vmIds, filter, ...options } = validateInput(BulkVms, rawInput);
    const parameters = parametersIn(kind, options);
    const input = { action: kind, vmIds, filter, ...parameters };
    const prepare = (): Promise<BulkTarget[]> => this.targets.of(actor, kind, { vmIds, filter });
    const show = ({ operationId }: { operationId: string }): Promise<Operation> =>
      this.operations.get(actor, operationId);
    const wake = (): void => {
      this.opening.wake();
    };
    const asked = { actor, operation: 'bulkVms', key, input, resourceKind: 'bulk', prepare, show, wake };
    return this.change.commit(asked, async (tx, targets) => {
      const id = newId();
      const { correlationId } = currentContext();
      const departmentId = departmentOf(actor, targets);
      const by = { actorId: actor.userId, actorRole: actor.role, idempotencyKey: key, correlationId };
      const request = { id, drainedHostId: null, kind, departmentId, parameters, ...by };
      const events = await this.opening.open(tx, request, targets);
      return { answer: { operationId: id }, resourceId: id, events };
    });
  }
}

/** Of one department the request is that department's to see; of several it is for who asked alone. */
const departmentOf = (actor: Actor, targets: readonly BulkTarget[]): string => {
  const [only, ...more] = new Set(targets.flatMap(({ known }) => known?.departmentId ?? []));
  return only !== undefined && more.length === 0 ? only : actor.userId;
};

/** @throws DomainError INVALID_INPUT also for an option that the action does not have */
const parametersIn = (kind: BulkKind, options: Readonly<Record<string, unknown>>): Parameters => {
  const parameters = parametersOf(kind, options);
  const known: Readonly<Record<string, unknown>> = optionsOf(kind);
  const strange = Object.keys(options).filter((name) => isSaid(options[name]) && known[name] === undefined);
  if (strange.length === 0) return parameters;
  const issues = strange.slice(0, 20).map((path) => ({ path, message: `is no option of ${kind}` }));
  throw new DomainError('INVALID_INPUT', { issues });
};

const isSaid = (value: unknown): boolean => value !== null && value !== undefined && value !== false;
