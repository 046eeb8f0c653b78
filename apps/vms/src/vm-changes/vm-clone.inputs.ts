import { VmName } from '@infinibay/contracts';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { VmAction, VmActionInput } from './vm.inputs.js';

@InputType({ description: 'A virtual machine to clone, and what its clone is called' })
export class CloneVmInput extends VmActionInput {
  @Field(() => String, { description: '1 to 63 of a-z, 0-9 and -; the host name in the guest' })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'One of its snapshots: the clone begins with what the disk held then. What it holds now when left out. Neither volumes nor memory are cloned',
  })
  snapshotId?: string | null;
}

export const CloneVm = VmAction.extend({
  name: VmName,
  snapshotId: z
    .string()
    .nullish()
    .transform((id) => id ?? null),
});
export type CloneVm = z.output<typeof CloneVm>;
