import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Operation } from '../operations/operation.model.js';
import { BulkVmsInput, MAX_BULK_VMS } from './bulk.inputs.js';
import { BulkService } from './bulk.service.js';

@Resolver(() => Operation)
export class BulkResolver {
  constructor(private readonly service: BulkService) {}

  @Authorize()
  @Mutation(() => Operation, {
    description: [
      `Asks up to ${MAX_BULK_VMS} VMs for the same. Answers at once with one operation of the action's kind and the resource kind bulk:`,
      'its results say what becomes of each VM, its progress how many have ended.',
      'It ends SUCCEEDED when all have come to what was asked, which with no VM at all is at once, otherwise FAILED with BULK_INCOMPLETE.',
      'A VM that does not exist or is of a department that you may not see has the result REFUSED with VM_NOT_FOUND, and holds up no other.',
      'Errors: TOO_MANY_VMS, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
    ].join(' '),
  })
  bulkVms(@Args('input') input: BulkVmsInput, @CurrentActor() actor: Actor): Promise<Operation> {
    return this.service.request(actor, input);
  }
}
