import type { Actor } from '@infinibay/contracts';
import { Authorize, Public } from '@infinibay/platform-access';
import { Args, Context, Mutation, Resolver } from '@nestjs/graphql';
import { CurrentActor } from '@infinibay/platform-graphql';
import type { Request } from 'express';
import { clientAddress } from './client-address.js';
import { LoginService } from './login.service.js';
import { SessionTokens } from './session.model.js';
import { SessionService } from './session.service.js';

/** These three take no idempotency key: they make nothing that a repetition would double but a session of its own. */
@Resolver(() => SessionTokens)
export class SessionResolver {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionService,
  ) {}

  @Public()
  @Mutation(() => SessionTokens, {
    description:
      'Opens a session. INVALID_CREDENTIALS; TOO_MANY_ATTEMPTS with details.retryAfterSeconds. Needs no token.',
  })
  login(
    @Args('email') email: string,
    @Args('password') password: string,
    @Context() context: { req: Request },
  ): Promise<SessionTokens> {
    return this.logins.login(email, password, clientAddress(context.req));
  }

  @Public()
  @Mutation(() => SessionTokens, {
    description:
      'Gives the next pair of tokens for a refresh token, which works once; a retry by the same client within seconds gets another pair. TOKEN_INVALID, TOKEN_EXPIRED, SESSION_ENDED. Needs no access token.',
  })
  refreshSession(
    @Args('refreshToken') refreshToken: string,
    @Context() context: { req: Request },
  ): Promise<SessionTokens> {
    return this.sessions.refresh(refreshToken, clientAddress(context.req));
  }

  @Authorize()
  @Mutation(() => Boolean, { description: 'Ends the session of the access token. Always true.' })
  async logout(@CurrentActor() actor: Actor): Promise<boolean> {
    await this.sessions.logout(actor);
    return true;
  }
}
