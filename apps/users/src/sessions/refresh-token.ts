import { createHash, randomBytes } from 'node:crypto';

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
export const REFRESH_TOKEN_DAYS = 30;

/** An opaque token of 32 random bytes; only its hash is stored. */
export const newRefreshToken = (): string => randomBytes(32).toString('base64url');

/** @returns undefined for text that was never a token of ours */
export const hashRefreshToken = (token: string): Uint8Array<ArrayBuffer> | undefined =>
  TOKEN.test(token) ? new Uint8Array(createHash('sha256').update(token).digest()) : undefined;
