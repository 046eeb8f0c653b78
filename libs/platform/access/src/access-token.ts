import { DomainError } from '@infinibay/contracts';
import { createLocalJWKSet, errors, jwtVerify, SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';

export const TOKEN_ISSUER = 'infinibay';
export const TOKEN_AUDIENCE = 'infinibay-api';
export const TOKEN_TYPE = 'at+jwt';
export const ACCESS_TOKEN_SECONDS = 600;

export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
}

/** An access token as users' clients carry it (RFC 9068 type, EdDSA, 10 minutes). */
export const signAccessToken = (claims: AccessClaims, key: CryptoKey, keyId: string): Promise<string> =>
  new SignJWT({ sid: claims.sessionId })
    .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPE, kid: keyId })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(TOKEN_AUDIENCE)
    .setSubject(claims.userId)
    .setIssuedAt()
    .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
    .sign(key);

/** @throws DomainError TOKEN_EXPIRED or TOKEN_INVALID. Only the algorithm of our own keys is accepted. */
export const verifyAccessToken = async (token: string, keys: JSONWebKeySet): Promise<AccessClaims> => {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: ['EdDSA'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      typ: TOKEN_TYPE,
      requiredClaims: ['sub', 'sid', 'exp', 'iat'],
      maxTokenAge: `${ACCESS_TOKEN_SECONDS}s`,
    });
    const sessionId = payload['sid'];
    if (payload.sub === undefined || typeof sessionId !== 'string') throw new DomainError('TOKEN_INVALID');
    return { userId: payload.sub, sessionId };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new DomainError('TOKEN_EXPIRED', {}, { cause: error });
    throw new DomainError('TOKEN_INVALID', {}, { cause: error });
  }
};
