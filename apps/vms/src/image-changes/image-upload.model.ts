import { Field, GraphQLISODateTime, ObjectType } from '@nestjs/graphql';
import { Image } from '../catalog/image.model.js';
import { Operation } from '../operations/operation.model.js';

@ObjectType({
  description:
    'Where the bytes of an image are sent, by tus 1.0: HEAD tells how much has come (Upload-Offset), PATCH sends more. Each request has the header Authorization: Bearer <ticket>. Of tus-js-client these are uploadUrl and headers',
})
export class ImageUpload {
  @Field(() => String)
  url!: string;

  @Field(() => String, { description: 'A secret until all of it has come. Keep it out of addresses and logs' })
  ticket!: string;

  @Field(() => GraphQLISODateTime, { description: 'When it is given up; put off by a day whenever more comes' })
  expiresAt!: Date;
}

@ObjectType({ description: 'An accepted upload: the image waits for its bytes' })
export class ImageUploadResult {
  @Field(() => Operation)
  operation!: Operation;

  @Field(() => Image)
  image!: Image;

  @Field(() => ImageUpload, {
    nullable: true,
    description: 'null when it has ended, which a repeated call may find, or when its host takes no uploads any more',
  })
  upload!: ImageUpload | null;
}
