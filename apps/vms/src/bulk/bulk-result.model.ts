import { PageInfo } from '@infinibay/platform-graphql';
import { Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { BulkResultStatus } from '../generated/prisma/enums.js';

registerEnumType(BulkResultStatus, {
  name: 'BulkResultStatus',
  description: 'What became of one VM of a bulk request',
  valuesMap: {
    PENDING: { description: 'It was not asked yet; errorCode and errorMessage say what it waits for, if for anything' },
    REFUSED: { description: 'The request was not accepted for it, and nothing was done; errorCode says why' },
    ACCEPTED: { description: 'Its operation is under way' },
    SUPERSEDED: {
      description:
        'A later request on the same VM took the place of its operation; of a drain also: it was not asked, for another drain, or the end of the maintenance, came before that',
    },
  },
});

@ObjectType({ description: 'What became of one VM of a bulk request' })
export class BulkResult {
  @Field(() => ID)
  vmId!: string;

  @Field(() => BulkResultStatus)
  status!: BulkResultStatus;

  @Field(() => String, {
    nullable: true,
    description: 'Why it was refused or failed: what the mutation of the action answers for a single VM',
  })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: 'For people' })
  errorMessage!: string | null;

  // Not a field of the API: what a field resolver needs.
  acceptedOperationId!: string | null;
}

@ObjectType({ description: 'A page of results' })
export class BulkResultConnection {
  @Field(() => [BulkResult])
  nodes!: BulkResult[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  // Not a field: what the resolver of totalCount asks.
  count!: () => Promise<number>;
}
