import { ArgsType, Field, GraphQLISODateTime, Int } from '@nestjs/graphql';

export const MAX_SAMPLES = 1_000;

/** Which stored samples are asked for. */
@ArgsType()
export class MetricsWindow {
  @Field(() => GraphQLISODateTime, { nullable: true })
  from?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  to?: Date | null;

  @Field(() => Int, { defaultValue: 100, description: `1 to ${MAX_SAMPLES}` })
  limit!: number;
}
