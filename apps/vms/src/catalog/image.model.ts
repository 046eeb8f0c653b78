import { Directive, Field, Float, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ImageState } from '../generated/prisma/enums.js';

export const ImageFormats = { QCOW2: 'QCOW2', RAW: 'RAW', ISO: 'ISO' } as const;
export type ImageFormat = keyof typeof ImageFormats;

registerEnumType(ImageFormats, {
  name: 'ImageFormat',
  description: 'How the file of an image is laid out',
  valuesMap: { ISO: { description: 'An image of a disc: a VM is installed from it, on an empty disk' } },
});

registerEnumType(ImageState, {
  name: 'ImageState',
  description:
    'State of an image. READY: VMs and templates can be made from it. IMPORTING, CAPTURING (made of a VM) and DELETING end by themselves; UPLOADING waits for its bytes, for a day after the last that came; FAILED carries a reason, and such an image is deleted, and asked for again',
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

  @Field(() => String, {
    description:
      'Checksum of the file; hosts verify it before use. 64 zeros until it is known, of an image that is made of a VM',
  })
  sha256!: string;

  @Field(() => ImageState)
  state!: ImageState;

  @Field(() => Float, { description: 'Virtual size in GiB; a disk cannot be smaller. 0 until it is imported' })
  sizeGib!: number;

  @Field(() => Float, { nullable: true, description: 'What its file takes up, in GiB; null when it is not known' })
  fileGib!: number | null;

  @Field(() => ImageFormats)
  format!: ImageFormat;

  @Field(() => Int, { description: 'MiB' })
  minMemoryMib!: number;

  @Field(() => Boolean, {
    description:
      'It was imported, uploaded or made of a VM through the API, and can be deleted; others are put on hosts by an operator',
  })
  isImported!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why it did not come about, or could not be deleted; set in state FAILED',
  })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: 'For people' })
  errorMessage!: string | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  // Not fields of the API: what the field resolvers need.
  departmentId!: string | null;
  importedById!: string | null;
}
