import { PageArgs } from '@infinibay/platform-graphql';
import { ArgsType, Field, ID } from '@nestjs/graphql';

@ArgsType()
export class VolumesArgs extends PageArgs {
  @Field(() => ID, { nullable: true, description: 'Of this department alone' })
  departmentId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Attached to this VM alone' })
  vmId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'true: those that are attached to a VM; false: those that are not',
  })
  attached?: boolean | null;
}
