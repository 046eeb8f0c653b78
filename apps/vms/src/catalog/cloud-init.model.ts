import { MAX_PACKAGES, MAX_SSH_KEYS } from '@infinibay/vms-domain';
import { ListSize } from '@infinibay/platform-graphql';
import { Field, ObjectType } from '@nestjs/graphql';

/** What is shown of it wherever it is shown: never the hash of a password. */
@ObjectType({ isAbstract: true })
export abstract class ShownCloudInit {
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

  // Not fields of the API: what the resolver of userData decides by.
  departmentId!: string | null;
  text!: string | null;
}
