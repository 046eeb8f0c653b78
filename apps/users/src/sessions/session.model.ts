import { Field, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'What a client needs to act as a user' })
export class SessionTokens {
  @Field({ description: 'Send it as `Authorization: Bearer`; a JWT that is accepted for 10 minutes at most' })
  accessToken!: string;

  @Field(() => Date, { description: 'When the access token stops working' })
  accessTokenExpiresAt!: Date;

  @Field({
    description:
      'Gives the next pair of tokens through refreshSession, once: using it again, but for a retry by the same client within seconds, ends the session, as it was stolen then',
  })
  refreshToken!: string;

  @Field(() => Date, { description: 'When the refresh token stops working; 30 days' })
  refreshTokenExpiresAt!: Date;
}
