import { MAX_PACKAGES, MAX_SSH_KEYS } from '@infinibay/vms-domain';
import { ListSize } from '@infinibay/platform-graphql';
import { Field, GraphQLISODateTime, ID, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'What cloud-init finds in a virtual machine; see setVmCloudInit' })
export class VmCloudInit {
  @Field(() => ID, {
    description:
      'The instance-id that the guest is shown: another one after each change, which makes cloud-init run anew',
  })
  instanceId!: string;

  @Field(() => String, { nullable: true, description: 'null: the name of the VM' })
  hostname!: string | null;

  @Field(() => String, { nullable: true, description: 'The user that is made; null: the one of the image' })
  userName!: string | null;

  @ListSize(MAX_SSH_KEYS)
  @Field(() => [String], { description: 'Public keys with which the user may log in' })
  sshAuthorizedKeys!: readonly string[];

  @Field(() => Boolean, { description: 'Whether the user has a password; its hash is shown to nobody' })
  hasPassword!: boolean;

  @ListSize(MAX_PACKAGES)
  @Field(() => [String], { description: 'Packages that are installed' })
  packages!: readonly string[];

  @Field(() => Boolean, { description: 'Whether there is a userData' })
  hasUserData!: boolean;

  @Field(() => GraphQLISODateTime, { description: 'When it was last changed' })
  changedAt!: Date;

  // Not fields of the API: what the resolver of userData decides by.
  departmentId!: string;
  text!: string | null;
}
