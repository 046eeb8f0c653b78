import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { ACTIONS, actionOf, isRefusedWhileScheduled, type OperationKind } from '@infinibay/vms-domain';
import { Injectable, type Type } from '@nestjs/common';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { toOperation } from '../operations/operation.mapper.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { toVm } from '../vms/vm.mapper.js';
import { Vm } from '../vms/vm.model.js';
import { VmRepository } from '../vms/vm.repository.js';
import { argumentsOf, parametersOf, type ActionArguments } from './action-arguments.js';
import { VmChangesService, type Accepted } from './vm-changes.service.js';
import { VmOperationResult } from './vm-operation-result.model.js';

/** What a client reads of a request that was accepted. */
@Injectable()
export class AcceptedRequests {
  constructor(
    private readonly operations: OperationRepository,
    private readonly vms: VmRepository,
  ) {}

  /** A repeated call may come after the VM is gone: its row stays and still answers. */
  async show(actor: Actor, accepted: Accepted): Promise<VmOperationResult> {
    const [vm, operation] = await Promise.all([
      this.vms.findRow(accepted.vmId),
      this.operations.find(accepted.operationId, readableDepartments(actor)),
    ]);
    if (vm === null || operation === null) throw new DomainError('VM_NOT_FOUND');
    return { vm: toVm(vm), operation: toOperation(operation) };
  }
}

const descriptionOf = (kind: OperationKind): string => {
  const { description, errors } = actionOf(kind);
  const all = isRefusedWhileScheduled(kind) ? [...errors, 'DELETION_SCHEDULED'] : errors;
  return `${description} Errors: ${all.join(', ')}`;
};

/** The mutation of an action: its name, description and input come from where the action is declared. */
const resolverOf = (action: (typeof ACTIONS)[number]): Type => {
  const { kind } = action;
  const Arguments = argumentsOf(kind);

  @Resolver(() => Vm)
  class ActionResolver {
    constructor(
      private readonly service: VmChangesService,
      private readonly accepted: AcceptedRequests,
    ) {}

    @Authorize()
    @Mutation(() => VmOperationResult, { name: action.mutation, description: descriptionOf(kind) })
    async perform(
      @Args({ type: () => Arguments }) given: ActionArguments,
      @CurrentActor() actor: Actor,
    ): Promise<VmOperationResult> {
      return this.accepted.show(actor, await this.accept(actor, given));
    }

    private accept(actor: Actor, given: ActionArguments): Promise<Accepted> {
      if (kind === 'CREATE_VM') return this.service.create(actor, given.input);
      const parameters = parametersOf(kind, given);
      if (kind === 'CLONE_VM') return this.service.clone(actor, given.input, parameters);
      return this.service.request(actor, kind, given.input, parameters);
    }
  }
  // Logs and the check of policies name a resolver by its class.
  Object.defineProperty(ActionResolver, 'name', { value: `${action.mutation}Resolver` });
  return ActionResolver;
};

/** One for each action that is registered, but those whose mutation is more than the action. */
export const actionResolvers: readonly Type[] = ACTIONS.filter((action) => action.hasOwnMutation !== true).map(
  resolverOf,
);
