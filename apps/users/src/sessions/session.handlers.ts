import { resolveSession, type ReplyInputOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Controller } from '@nestjs/common';
import { HandlesRequest } from '@infinibay/platform-messaging';
import { SessionService } from './session.service.js';

@Controller()
export class SessionHandlers {
  constructor(private readonly sessions: SessionService) {}

  @Authorize()
  @HandlesRequest(resolveSession)
  async resolve(request: RequestOf<typeof resolveSession>): Promise<ReplyInputOf<typeof resolveSession>> {
    return { actor: await this.sessions.resolve(request.userId, request.sessionId) };
  }
}
