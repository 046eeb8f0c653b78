import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { PrismaClient } from '../database.js';
import { toOperation } from '../operations/operation.mapper.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { CreateVmInput, VmActionInput } from './vm.inputs.js';
import { toVm } from './vm.mapper.js';
import { Vm, VmOperationResult } from './vm.model.js';
import { VmService, type Accepted } from './vm.service.js';

@Resolver(() => Vm)
export class VmMutationResolver {
  constructor(
    private readonly service: VmService,
    private readonly operations: OperationRepository,
    private readonly database: PrismaClient,
  ) {}

  @Authorize()
  @Mutation(() => VmOperationResult, {
    description:
      'Builds and starts a VM. Errors: DEPARTMENT_NOT_FOUND, NAME_TAKEN, IMAGE_NOT_FOUND, TEMPLATE_NOT_FOUND, NETWORK_REQUIRED, NETWORK_NOT_FOUND, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  async createVm(@Args('input') input: CreateVmInput, @CurrentActor() actor: Actor): Promise<VmOperationResult> {
    return this.result(actor, await this.service.create(actor, input));
  }

  @Authorize()
  @Mutation(() => VmOperationResult, { description: 'Powers a VM on. Errors: VM_NOT_FOUND, VM_BUSY' })
  async startVm(@Args('input') input: VmActionInput, @CurrentActor() actor: Actor): Promise<VmOperationResult> {
    return this.result(actor, await this.service.request(actor, 'START_VM', input));
  }

  @Authorize()
  @Mutation(() => VmOperationResult, { description: 'Asks the guest to power off. Errors: VM_NOT_FOUND, VM_BUSY' })
  async shutdownVm(@Args('input') input: VmActionInput, @CurrentActor() actor: Actor): Promise<VmOperationResult> {
    return this.result(actor, await this.service.request(actor, 'SHUTDOWN_VM', input));
  }

  @Authorize()
  @Mutation(() => VmOperationResult, {
    description: 'Cuts the power; what the guest had not written is lost. Errors: VM_NOT_FOUND, VM_BUSY',
  })
  async forceOffVm(@Args('input') input: VmActionInput, @CurrentActor() actor: Actor): Promise<VmOperationResult> {
    return this.result(actor, await this.service.request(actor, 'FORCE_OFF_VM', input));
  }

  @Authorize()
  @Mutation(() => VmOperationResult, {
    description: 'Removes a VM with its disk, address and filter, running or not. Errors: VM_NOT_FOUND',
  })
  async deleteVm(@Args('input') input: VmActionInput, @CurrentActor() actor: Actor): Promise<VmOperationResult> {
    return this.result(actor, await this.service.request(actor, 'DELETE_VM', input));
  }

  /** A repeated call may come after the VM is gone: its row stays and still answers. */
  private async result(actor: Actor, accepted: Accepted): Promise<VmOperationResult> {
    const [vm, operation] = await Promise.all([
      this.database.vm.findUnique({ where: { id: accepted.vmId } }),
      this.operations.find(accepted.operationId, readableDepartments(actor)),
    ]);
    if (vm === null || operation === null) throw new DomainError('VM_NOT_FOUND');
    return { vm: toVm(vm), operation: toOperation(operation) };
  }
}
