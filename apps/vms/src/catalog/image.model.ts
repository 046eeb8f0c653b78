import { Directive, Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'A disk image that virtual machines are cloned from' })
@Directive('@key(fields: "id")')
export class Image {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  version!: string;

  @Field(() => String, { description: 'linux, windows, …' })
  osFamily!: string;

  @Field(() => String, { description: 'Checksum of the file; hosts verify it before use' })
  sha256!: string;

  @Field(() => Float, { description: 'Virtual size in GiB; a disk cannot be smaller' })
  sizeGib!: number;

  @Field(() => Int, { description: 'MiB' })
  minMemoryMib!: number;
}
