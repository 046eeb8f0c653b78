import { Field, ObjectType } from '@nestjs/graphql';
import { Image } from '../catalog/image.model.js';
import { Template } from '../catalog/template.model.js';
import { Operation } from '../operations/operation.model.js';

@ObjectType({ description: 'An accepted request to make a template of a VM, with its image' })
export class VmTemplateResult {
  @Field(() => Operation)
  operation!: Operation;

  @Field(() => Image)
  image!: Image;

  @Field(() => Template, {
    nullable: true,
    description: 'null when it is gone since, which a repeated call may find',
  })
  template!: Template | null;
}
