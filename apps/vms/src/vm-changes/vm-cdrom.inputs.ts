import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { VmAction, VmActionInput } from './vm.inputs.js';

@InputType({ description: 'What shall be in the CD-ROM drive of a virtual machine' })
export class SetVmCdromInput extends VmActionInput {
  @Field(() => ID, { nullable: true, description: 'An image of format ISO; null or left out: nothing is in it' })
  imageId?: string | null;
}

export const SetVmCdrom = VmAction.extend({
  imageId: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
});
