import { Description, IdempotencyKey, MAX_TAGS, Tags, VmName } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

export const DESCRIPTION_RULE =
  'At most 1,000 characters that can be seen, on one line; space around it is taken away, and it may be empty';
export const TAGS_RULE = `At most ${MAX_TAGS}, each of 1 to 64 letters and digits of any script and . _ : / = @ + -, beginning with a letter or digit. Kept in lower case: tags that differ in case or encoding alone are one`;

@InputType({ description: 'Another name for a virtual machine' })
export class RenameVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => String, { description: '1 to 63 of a-z, 0-9 and -; unique among the living VMs of the department' })
  name!: string;
}

@InputType({ description: 'What people say of a virtual machine' })
export class DescribeVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => String, { description: DESCRIPTION_RULE })
  description!: string;
}

@InputType({ description: 'Tags to put on a virtual machine, or to take off it' })
export class VmTagsInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => [String], { description: `At least one. ${TAGS_RULE}` })
  tags!: string[];
}

@InputType({ description: 'Whether a virtual machine may be deleted' })
export class SetVmDeletionProtectionInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => Boolean, { description: 'true: deleteVm is refused from now on' })
  deletionProtected!: boolean;
}

const ofVm = { idempotencyKey: IdempotencyKey, vmId: z.string() };

export const RenameVm = z.object({ ...ofVm, name: VmName });
export const DescribeVm = z.object({ ...ofVm, description: Description });
export const VmTags = z.object({ ...ofVm, tags: z.array(z.string()).min(1).pipe(Tags) });
export const SetVmDeletionProtection = z.object({ ...ofVm, deletionProtected: z.boolean() });
