import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { CloudInit } from '@infinibay/vms-domain';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { CloudInitInput } from '../catalog/cloud-init.inputs.js';

@InputType({ description: 'What cloud-init shall find in a virtual machine' })
export class SetVmCloudInitInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => CloudInitInput, {
    nullable: true,
    description: 'In the place of all that was said before; null: nothing. It must be said which',
  })
  cloudInit?: CloudInitInput | null;
}

export const SetVmCloudInit = z.object({
  idempotencyKey: IdempotencyKey,
  vmId: z.string(),
  cloudInit: CloudInit.nullable(),
});
