import { Field, InputType, OmitType } from '@nestjs/graphql';
import { z } from 'zod';
import { CreateVmInput, PlannedVm } from './vm.inputs.js';

export const MAX_EXPLAINED_VMS = 100;

@InputType({
  description: 'A virtual machine that might be made: what createVm takes, without the key and what is in the guest',
})
export class PlannedVmInput extends OmitType(CreateVmInput, ['idempotencyKey', 'cloudInit'] as const, InputType) {}

@InputType({ description: 'Virtual machines that might be made' })
export class ExplainPlacementInput {
  @Field(() => [PlannedVmInput], { description: `1 to ${MAX_EXPLAINED_VMS}, placed one after another` })
  vms!: PlannedVmInput[];
}

export const ExplainPlacement = z.object({ vms: z.array(PlannedVm).min(1).max(MAX_EXPLAINED_VMS) });
