import { Field, ObjectType } from '@nestjs/graphql';
import { Image } from '../catalog/image.model.js';
import { Operation } from '../operations/operation.model.js';

@ObjectType({ description: 'An accepted request on an image: it goes on after the answer, whatever is restarted' })
export class ImageOperationResult {
  @Field(() => Operation)
  operation!: Operation;

  @Field(() => Image)
  image!: Image;
}
