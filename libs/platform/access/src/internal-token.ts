import { Actor, DomainError } from '@infinibay/contracts';
import { CLOCK_TOLERANCE_SECONDS } from '@infinibay/platform-messaging';
import { SignJWT, jwtVerify } from 'jose';

/** Header in which the gateway tells a subgraph who asks. */
export const ACTOR_HEADER = 'x-infinibay-actor';
/** Header in which the gateway tells from where the client called; only to be believed beside a valid ACTOR_HEADER. */
export const CLIENT_ADDRESS_HEADER = 'x-infinibay-client-address';
/** Header with the milliseconds that the caller still waits; relative, for clocks differ. It only shortens the caller's own request. */
export const DEADLINE_HEADER = 'x-infinibay-deadline-ms';
/** Headers that mean something between our services begin so; nothing from outside may bring one. */
export const INTERNAL_HEADER_PREFIX = 'x-infinibay-';
const TYPE = 'infinibay-actor+jwt';
const AUDIENCE = 'infinibay-subgraphs';
const LIFETIME_SECONDS = 60;

const keyOf = (internalKey: string): Uint8Array => new TextEncoder().encode(internalKey);

/**
 * Signs who asks, for one hop from the gateway (or another service) to a subgraph.
 * @param actor null for an anonymous caller: login and the schema need no user.
 */
export const signActor = (actor: Actor | null, internalKey: string): Promise<string> =>
  new SignJWT({ actor })
    .setProtectedHeader({ alg: 'HS256', typ: TYPE })
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .sign(keyOf(internalKey));

/** @throws DomainError UNAUTHENTICATED when the header was not made with our key or is too old; clocks may differ by CLOCK_TOLERANCE_SECONDS. */
export const verifyActor = async (token: string | undefined, internalKey: string): Promise<Actor | null> => {
  if (token === undefined) throw new DomainError('UNAUTHENTICATED', { reason: 'not from the gateway' });
  try {
    const { payload } = await jwtVerify(token, keyOf(internalKey), {
      algorithms: ['HS256'],
      audience: AUDIENCE,
      typ: TYPE,
      requiredClaims: ['iat', 'exp'],
      maxTokenAge: `${LIFETIME_SECONDS}s`,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    return payload['actor'] === null ? null : Actor.parse(payload['actor']);
  } catch (error) {
    throw new DomainError('UNAUTHENTICATED', { reason: 'not from the gateway' }, { cause: error });
  }
};
