import { DomainError, type Actor } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decodeProtectedHeader, type JWK } from 'jose';
import { Passport, type AuthenticateCallback } from 'passport';
import { Strategy } from 'passport-jwt';
import { verifyAccessToken, type AccessClaims } from './access-token.js';
import { SessionCache } from './session-cache.js';
import { SESSION_SOURCE, type SessionSource } from './session-source.js';
import { SigningKeyCache } from './signing-key-cache.js';

const NAME = 'access-token';

/** What passport takes for the request: the edge has read the token from wherever its protocol has it. */
interface TokenBearer {
  readonly token: string;
}

type Done<T> = (error: unknown, value?: T) => void;

/** passport-jwt verifies with jsonwebtoken, which knows no EdDSA. It lets the verifier be replaced, for every strategy of the process. */
Reflect.set(
  Strategy,
  'JwtVerifier',
  (token: string, key: string, _options: unknown, done: Done<AccessClaims>): void => {
    verifyAccessToken(token, { keys: [JSON.parse(key) as JWK] }).then((claims) => {
      done(null, claims);
    }, done);
  },
);

/**
 * From an access token to the actor behind it: signature first, then the session as the users service knows it
 * (cached for 2 s, so that a disabled user loses access within 5 s).
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, NAME) {
  private readonly sessions: SessionCache;
  /** Of this strategy alone; made while the base class is, so nothing may initialise it again. */
  declare private passport: InstanceType<typeof Passport>;

  constructor(@Inject(SESSION_SOURCE) source: SessionSource) {
    const keys = new SigningKeyCache(() => source.signingKeys());
    super({
      jwtFromRequest: ({ token }: TokenBearer) => token,
      secretOrKeyProvider: (_request: unknown, token: string, done: Done<string>) => {
        keyOf(token, keys).then((key) => {
          done(null, JSON.stringify(key));
        }, done);
      },
    });
    this.sessions = new SessionCache((claims) => source.resolveSession(claims));
  }

  /**
   * The actor of a token, wherever it was brought: in a header, or in the greeting of a socket.
   * @throws DomainError TOKEN_INVALID, TOKEN_EXPIRED, SESSION_ENDED, or SERVICE_UNAVAILABLE when users does not answer
   */
  actorOf(token: string): Promise<Actor> {
    return new Promise((resolve, reject) => {
      const answer: AuthenticateCallback = (error: unknown, actor, refusal: unknown) => {
        if (isActor(actor)) resolve(actor);
        else reject(asError(error ?? refusal));
      };
      const bearer: TokenBearer = { token };
      const authenticate = this.passport.authenticate(NAME, { session: false }, answer) as (
        request: object,
        response: object,
        next: (error: unknown) => void,
      ) => void;
      authenticate(bearer, {}, (error) => {
        reject(asError(error));
      });
    });
  }

  /** When was asked what users answered last about the session, by `performance.now()`; undefined when that is not known. */
  confirmedAt(claims: AccessClaims): number | undefined {
    return this.sessions.confirmedAt(claims);
  }

  /** Asks again for each session of a user whose access has changed. */
  forget(userId: string): void {
    this.sessions.forget(userId);
  }

  /** Called by passport with what the verified token says. */
  async validate(claims: AccessClaims): Promise<Actor> {
    const actor = await this.sessions.actorOf(claims);
    if (actor === null) throw new DomainError('SESSION_ENDED');
    return actor;
  }

  /** The process may have several, each with sessions of its own. */
  getPassportInstance(): InstanceType<typeof Passport> {
    this.passport = new Passport();
    return this.passport;
  }
}

const keyOf = async (token: string, keys: SigningKeyCache): Promise<JWK> => {
  const keyId = readKeyId(token);
  const key = (await keys.keysFor(keyId)).keys.find(({ kid }) => kid === keyId);
  if (key === undefined) throw new DomainError('TOKEN_INVALID', { reason: 'unknown key' });
  return key;
};

const readKeyId = (token: string): string | undefined => {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (error) {
    throw new DomainError('TOKEN_INVALID', {}, { cause: error });
  }
};

const isActor = (value: unknown): value is Actor => typeof value === 'object' && value !== null && 'userId' in value;

/** What went wrong as it was thrown; passport says of a token that is empty that there is none. */
const asError = (error: unknown): Error => {
  if (!(error instanceof Error)) return new Error('authentication ended without an answer', { cause: error });
  return error.message === 'No auth token' ? new DomainError('TOKEN_INVALID', {}, { cause: error }) : error;
};
