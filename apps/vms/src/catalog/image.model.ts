import { Directive, Field, Float, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ImageState } from '../generated/prisma/enums.js';

registerEnumType(ImageState, {
  name: 'ImageState',
  description:
    'State of an image. READY: VMs and templates can be made from it. IMPORTING and DELETING end by themselves; FAILED carries a reason, and such an image is deleted, and imported again',
});

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

  @Field(() => ImageState)
  state!: ImageState;

  @Field(() => Float, { description: 'Virtual size in GiB; a disk cannot be smaller. 0 until it is imported' })
  sizeGib!: number;

  @Field(() => Float, { nullable: true, description: 'What its file takes up, in GiB; null when it is not known' })
  fileGib!: number | null;

  @Field(() => Int, { description: 'MiB' })
  minMemoryMib!: number;

  @Field(() => Boolean, {
    description: 'It was imported by importImage, and can be deleted; others are put on hosts by an operator',
  })
  isImported!: boolean;

  @Field(() => String, { nullable: true, description: 'Why it could not be imported or deleted; set in state FAILED' })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: 'For people' })
  errorMessage!: string | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  // Not fields of the API: what the field resolvers need.
  departmentId!: string | null;
  importedById!: string | null;
}
