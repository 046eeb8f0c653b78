import { Field, GraphQLISODateTime, ID, ObjectType } from '@nestjs/graphql';
import { ShownCloudInit } from '../catalog/cloud-init.model.js';

@ObjectType({ description: 'What cloud-init finds in a virtual machine; see setVmCloudInit' })
export class VmCloudInit extends ShownCloudInit {
  @Field(() => ID, {
    description:
      'The instance-id that the guest is shown: another one after each change, which makes cloud-init run anew',
  })
  instanceId!: string;

  @Field(() => String, { nullable: true, description: 'null: the name of the VM' })
  hostname!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When it was last changed' })
  changedAt!: Date;
}
