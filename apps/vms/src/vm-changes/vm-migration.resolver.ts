import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Operation } from '../operations/operation.model.js';
import { Vm } from '../vms/vm.model.js';
import { OperationCancellation } from './operation-cancellation.js';
import { CancelOperationInput, MigrateVmInput } from './vm-migration.inputs.js';
import { VmMigrationService } from './vm-migration.service.js';
import { AcceptedRequests } from './vm-mutation.resolver.js';
import { VmOperationResult } from './vm-operation-result.model.js';

@Resolver(() => Vm)
export class VmMigrationResolver {
  constructor(
    private readonly service: VmMigrationService,
    private readonly cancellation: OperationCancellation,
    private readonly accepted: AcceptedRequests,
  ) {}

  @Authorize()
  @Mutation(() => VmOperationResult, {
    description: [
      'Moves a VM to another host, with its disk, its volumes, what its UEFI and its TPM keep, its address and firewall rules. One that runs runs on, and stands still only for the moment in which it changes hosts; connections to outside its network break.',
      'A REQUIRED placement group of the VM refuses hosts (rules apart-from and together-with), also one that is named; a PREFERRED one only chooses.',
      'Nothing else is done to the VM meanwhile, but deleteVm; cancelOperation takes it back. One that can not be moved goes on where it was, and the operation ends FAILED; see docs/decisions/0048.',
      'For administrators. Errors: VM_NOT_FOUND, FORBIDDEN, HOST_NOT_FOUND, VM_BUSY, PORT_BUSY, VOLUME_BUSY, VM_MEMORY_SAVED, DELETION_SCHEDULED, VM_NOT_MIGRATABLE (details.reason: SAME_HOST, NO_DISK, FIRMWARE_STATE of one that is off and has UEFI, SNAPSHOTS, CDROM),',
      'MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED. The operation may end with VM_NOT_MIGRATABLE too (FIRMWARE_STATE, DRIVER, DEVICES, ACCELERATION, NO_ADDRESS, DISK, VOLUMES, PATHS), and with POOL_FULL, UNSUPPORTED_BY_DRIVER (an agent that is too old for what goes along), MIGRATION_FAILED, DEADLINE_EXCEEDED, OPERATION_CANCELLED, HOST_IN_MAINTENANCE (the host that it goes to)',
    ].join(' '),
  })
  async migrateVm(@Args('input') input: MigrateVmInput, @CurrentActor() actor: Actor): Promise<VmOperationResult> {
    return this.accepted.show(actor, await this.service.migrate(actor, input));
  }

  @Authorize()
  @Mutation(() => Operation, {
    description:
      'Takes back an operation that says of itself that it can be (isCancellable). It ends FAILED with OPERATION_CANCELLED when that has come about, or SUCCEEDED when it was too late. For who asked for it, and for administrators. Errors: OPERATION_NOT_FOUND, FORBIDDEN, OPERATION_NOT_CANCELLABLE, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  cancelOperation(@Args('input') input: CancelOperationInput, @CurrentActor() actor: Actor): Promise<Operation> {
    return this.cancellation.cancel(actor, input);
  }
}
