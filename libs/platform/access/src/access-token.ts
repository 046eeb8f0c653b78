import { DomainError } from '@infinibay/contracts';
import { CLOCK_TOLERANCE_SECONDS } from '@infinibay/platform-messaging';
import { createLocalJWKSet, errors, jwtVerify, SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';

export const TOKEN_ISSUER = 'infinibay';
export const TOKEN_AUDIENCE = 'infinibay-api';
export const TOKEN_TYPE = 'at+jwt';
/** From issue to what the token itself says; with the tolerance no token is accepted for longer than 10 minutes. */
export const ACCESS_TOKEN_SECONDS = 600 - CLOCK_TOLERANCE_SECONDS;

export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
}

/** An access token as users' clients carry it (RFC 9068 type, EdDSA, ACCESS_TOKEN_SECONDS). */
export const signAccessToken = (
  claims: AccessClaims,
  key: CryptoKey,
  keyId: string,
  issuedAt = new Date(),
): Promise<string> =>
  new SignJWT({ sid: claims.sessionId })
    .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPE, kid: keyId })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(TOKEN_AUDIENCE)
    .setSubject(claims.userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(new Date(issuedAt.getTime() + ACCESS_TOKEN_SECONDS * 1_000))
    .sign(key);

/** @throws DomainError TOKEN_EXPIRED or TOKEN_INVALID. Only the algorithm of our own keys is accepted; clocks may differ by CLOCK_TOLERANCE_SECONDS. */
export const verifyAccessToken = async (token: string, keys: JSONWebKeySet): Promise<AccessClaims> => {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: ['EdDSA'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      typ: TOKEN_TYPE,
      requiredClaims: ['sub', 'sid', 'exp', 'iat'],
      maxTokenAge: `${ACCESS_TOKEN_SECONDS}s`,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    const sessionId = payload['sid'];
    if (payload.sub === undefined || typeof sessionId !== 'string') throw new DomainError('TOKEN_INVALID');
    return { userId: payload.sub, sessionId };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new DomainError('TOKEN_EXPIRED', {}, { cause: error });
    throw new DomainError('TOKEN_INVALID', {}, { cause: error });
  }
};
