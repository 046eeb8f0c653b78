import { Field, ObjectType } from '@nestjs/graphql';
import { Operation } from '../operations/operation.model.js';
import { Volume } from '../volumes/volume.model.js';

@ObjectType({ description: 'An accepted request on a volume: it goes on after the answer, whatever is restarted' })
export class VolumeOperationResult {
  @Field(() => Operation)
  operation!: Operation;

  @Field(() => Volume)
  volume!: Volume;
}
