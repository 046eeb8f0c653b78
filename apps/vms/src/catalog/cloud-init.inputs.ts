import { MAX_PACKAGES, MAX_SSH_KEYS, MAX_USER_DATA_BYTES } from '@infinibay/vms-domain';
import { Field, InputType } from '@nestjs/graphql';

@InputType({
  description:
    'What cloud-init shall find in a guest, which needs it in its image. Its network card gets its address by DHCP, whatever is said here',
})
export class CloudInitInput {
  @Field(() => String, {
    nullable: true,
    description:
      'A user to make, with sudo for everything and no password of its own; 1 to 32 of a-z, 0-9, _ and -, neither root nor default. The user of the image is not made then',
  })
  userName?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: `At most ${MAX_SSH_KEYS} public keys in the form of OpenSSH, without options; of userName, or of the user of the image`,
  })
  sshAuthorizedKeys?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'For userName: a hash of crypt(3) that begins with $6$, $5$ or $y$, as mkpasswd writes it. A password itself is refused',
  })
  passwordHash?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: `At most ${MAX_PACKAGES} packages to install, by the names of the guest's own package manager`,
  })
  packages?: string[] | null;

  @Field(() => String, { nullable: true, description: "1 to 63 of a-z, 0-9 and -; the VM's name when left out" })
  hostname?: string | null;

  @Field(() => String, {
    nullable: true,
    description: `Anything else: a text that begins with the line #cloud-config, or a script that begins with #!; at most ${MAX_USER_DATA_BYTES} bytes. Shown to the guest beside the rest; of a key that both say, this one's value counts`,
  })
  userData?: string | null;
}
