import { Field, GraphQLISODateTime, ID, ObjectType, registerEnumType } from '@nestjs/graphql';

export enum NetworkHostStatus {
  PENDING = 'PENDING',
  ACTIVE = 'ACTIVE',
  DRIFTED = 'DRIFTED',
  ERROR = 'ERROR',
  UNKNOWN = 'UNKNOWN',
}

registerEnumType(NetworkHostStatus, {
  name: 'NetworkHostStatus',
  description: 'How a network stands on a host',
  valuesMap: {
    PENDING: { description: 'The host has not made it yet' },
    ACTIVE: { description: 'It is as it should be: bridge, cards, addresses, DHCP server, reservations, NAT' },
    DRIFTED: { description: 'Something of it differs, and is being repaired' },
    ERROR: { description: 'It could not be made or repaired; `reason` says why' },
    UNKNOWN: { description: 'The host has said nothing for a minute' },
  },
});

@ObjectType({ description: "A difference between a network and a host's realisation of it" })
export class NetworkHostDifference {
  @Field(() => String, { description: 'What differs, such as TAP_DETACHED, DHCP_SERVER_DOWN or NAT_RULES' })
  kind!: string;

  @Field(() => String, { description: 'For people' })
  detail!: string;
}

@ObjectType({ description: 'A network on one of its hosts, compared every few seconds' })
export class NetworkHost {
  @Field(() => ID, { description: 'The host' })
  hostId!: string;

  @Field(() => NetworkHostStatus, { description: 'How it stands there' })
  status!: NetworkHostStatus;

  /** A field of its own resolver. */
  differences!: NetworkHostDifference[];

  @Field(() => String, { nullable: true, description: 'Error code of the last attempt to make it' })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: 'ERROR: why' })
  reason!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Since when it has this status' })
  changedAt!: Date;
}
