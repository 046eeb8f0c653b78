import { Description, DisplayName } from '@infinibay/contracts';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { DESCRIPTION_RULE } from './vm-metadata.inputs.js';
import { VmAction, VmActionInput } from './vm.inputs.js';

@InputType({ description: 'A snapshot to take of a virtual machine' })
export class CreateVmSnapshotInput extends VmActionInput {
  @Field(() => String, {
    description: '1 to 120 characters that can be seen; unique among the snapshots of the VM, whatever the case',
  })
  name!: string;

  @Field(() => String, { nullable: true, description: DESCRIPTION_RULE })
  description?: string | null;
}

@InputType({ description: 'Names a virtual machine and one of its snapshots' })
export class VmSnapshotInput extends VmActionInput {
  @Field(() => ID)
  snapshotId!: string;
}

export const CreateVmSnapshot = VmAction.extend({
  name: DisplayName,
  description: Description.nullish().transform((text) => text ?? ''),
});

export const VmSnapshotAction = VmAction.extend({ snapshotId: z.string() });
