import { Field, ObjectType } from '@nestjs/graphql';
import { Operation } from '../operations/operation.model.js';
import { Vm } from '../vms/vm.model.js';

@ObjectType({ description: 'An accepted request: it goes on after the answer, whatever is restarted' })
export class VmOperationResult {
  @Field(() => Operation)
  operation!: Operation;

  @Field(() => Vm)
  vm!: Vm;
}
