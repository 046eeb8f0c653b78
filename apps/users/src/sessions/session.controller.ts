import { resolveSession, type ReplyInputOf } from '@infinibay/contracts';
import { Body, Controller, Headers, HttpCode, Inject, Post, UseFilters } from '@nestjs/common';
import { ACTOR_HEADER, verifyActor } from '@infinibay/platform-access';
import { validateInput } from '@infinibay/platform-graphql';
import { HttpErrorFilter } from '@infinibay/platform-service';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { SessionService } from './session.service.js';

/** The request `users.resolve-session` over HTTP, for the gateway: sessions do not end with NATS. */
@Controller('internal/sessions')
@UseFilters(HttpErrorFilter)
export class SessionController {
  constructor(
    private readonly sessions: SessionService,
    @Inject(USERS_CONFIG) private readonly config: Pick<UsersConfig, 'INTERNAL_KEY'>,
  ) {}

  @Post('resolve')
  @HttpCode(200)
  async resolve(
    @Headers(ACTOR_HEADER) caller: string | undefined,
    @Body() body: unknown,
  ): Promise<ReplyInputOf<typeof resolveSession>> {
    await verifyActor(caller, this.config.INTERNAL_KEY);
    const { userId, sessionId } = validateInput(resolveSession.request, body);
    return { actor: await this.sessions.resolve(userId, sessionId) };
  }
}
