import { DomainError, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { ActorResolver, bearerToken } from '@infinibay/platform-access';
import { sendFailure } from '@infinibay/platform-service';
import type { Request, RequestHandler, Response } from 'express';
import { CallerLimits } from './caller-limits.js';
import { requestPoints } from './request-points.js';

/**
 * Stands before the body is read. Counts each request that ends in a refusal: a body that is none, a query that is too
 * complex, a bad token, too much asked for; and each whose sender hangs up before it is answered, for it took as much work.
 * Against the user who sent it with a good token, else against its address. One that has used that up is served with a good
 * token only, so that its neighbours go on; nothing else of it is read.
 */
@Injectable()
export class RefusalGate {
  constructor(
    private readonly limits: CallerLimits,
    private readonly actors: ActorResolver,
  ) {}

  readonly handle: RequestHandler = (request, response, next) => {
    const address = request.ip ?? 'unknown';
    const check = this.check(request, address);
    // From the beginning: whoever hangs up may do so during the check. What is refused here costs no more.
    response.once('close', () => {
      if (isRefused(response)) check.then((actor) => this.count(request, address, actor)).catch(() => undefined);
    });
    check.then(
      () => {
        next();
      },
      (error: unknown) => {
        if (!(error instanceof DomainError)) {
          next(error);
          return;
        }
        response.setHeader('retry-after', String(error.details['retryAfterSeconds']));
        sendFailure(response, error);
      },
    );
  };

  /**
   * @returns who asks, where that had to be found out
   * @throws DomainError RATE_LIMITED {retryAfterSeconds}
   */
  private async check(request: Request, address: string): Promise<Actor | null> {
    if (!(await this.limits.isSuspect(address))) return null;
    const actor = await this.actorOf(request);
    await this.limits.admitSuspect(address, actor);
    return actor;
  }

  /** Who sent it is asked only now, where it is not known yet: of most requests it is found out once. */
  private async count(request: Request, address: string, known: Actor | null): Promise<void> {
    this.limits.countRefusal(address, known ?? (await this.actorOf(request)), requestPoints(request));
  }

  /** null for whoever has no good token, and while nobody can tell. */
  private async actorOf({ headers }: Request): Promise<Actor | null> {
    try {
      const token = bearerToken(headers.authorization);
      return token === undefined ? null : await this.actors.resolve(token);
    } catch {
      return null;
    }
  }
}

/** What would have been answered to one who hung up is not known: to be refused is not cheaper that way. */
const isRefused = ({ headersSent, statusCode }: Response): boolean =>
  !headersSent || (statusCode >= 400 && statusCode < 500);
