import { PageInfo } from '@infinibay/platform-graphql';
import { Directive, Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from '@nestjs/graphql';
import { ShownCloudInit } from './cloud-init.model.js';
import { VmHardware } from './hardware.model.js';

@ObjectType({ description: 'What virtual machines are made from by name. What it says is in numbered versions' })
@Directive('@key(fields: "id")')
export class Template {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Int, { description: 'The number of its newest version, which createVm takes unless told otherwise' })
  newestVersion!: number;

  @Field(() => Int, { description: 'Of its newest version' })
  vcpus!: number;

  @Field(() => Int, { description: 'MiB; of its newest version' })
  memoryMib!: number;

  @Field(() => Float, { description: 'GiB; of its newest version' })
  diskGib!: number;

  // Not fields of the API: what the field resolvers need.
  imageId!: string;
  departmentId!: string | null;
}

@ObjectType({ description: 'From where to where something may be chosen; both are within' })
export class TemplateRange {
  @Field(() => Float, { nullable: true, description: 'null: no limit' })
  min!: number | null;

  @Field(() => Float, { nullable: true, description: 'null: no limit' })
  max!: number | null;
}

@ObjectType({ description: 'What createVm may ask for with a template; else it answers TEMPLATE_LIMIT' })
export class TemplateLimits {
  @Field(() => TemplateRange, { description: 'Also of maxVcpus' })
  vcpus!: TemplateRange;

  @Field(() => TemplateRange, { description: 'MiB; also of maxMemoryMib' })
  memoryMib!: TemplateRange;

  @Field(() => TemplateRange, { description: 'GiB' })
  diskGib!: TemplateRange;
}

@ObjectType({ description: 'What cloud-init finds in the guests of a template, unless createVm says otherwise' })
export class TemplateCloudInit extends ShownCloudInit {}

@ObjectType({ description: 'What a template says from one change to the next' })
export class TemplateVersion {
  @Field(() => Int, { description: 'From 1 on' })
  number!: number;

  @Field(() => Int)
  vcpus!: number;

  @Field(() => Int, { description: 'Of the VM; see createVm' })
  maxVcpus!: number;

  @Field(() => Int, { description: 'MiB' })
  memoryMib!: number;

  @Field(() => Int, { description: 'MiB, of the VM; see createVm' })
  maxMemoryMib!: number;

  @Field(() => Float, { description: 'GiB' })
  diskGib!: number;

  @Field(() => Boolean)
  autostart!: boolean;

  @Field(() => VmHardware)
  hardware!: VmHardware;

  @Field(() => TemplateLimits)
  limits!: TemplateLimits;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  // Not fields of the API: what the field resolvers need.
  templateId!: string;
  departmentId!: string | null;
  imageId!: string;
  authorId!: string | null;
}

@ObjectType({ description: 'A page of versions' })
export class TemplateVersionConnection {
  @Field(() => [TemplateVersion])
  nodes!: TemplateVersion[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int, { description: 'Of all pages' })
  totalCount!: number;
}
