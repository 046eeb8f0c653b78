import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hashRefreshToken, newRefreshToken } from './refresh-token.js';

describe(newRefreshToken, () => {
  it('never gives the same token twice, and only such as have a hash', () => {
    const tokens = Array.from({ length: 1_000 }, newRefreshToken);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokens.filter((token) => hashRefreshToken(token) === undefined)).toEqual([]);
  });
});

describe(hashRefreshToken, () => {
  const token = 'A'.repeat(43);

  it('is the SHA-256 of the text, so that the stored form is of no use to who reads it', () => {
    expect(hashRefreshToken(token)).toEqual(new Uint8Array(createHash('sha256').update(token).digest()));
  });

  it.each([
    ['nothing', ''],
    ['a character less', token.slice(1)],
    ['a character more', `${token}A`],
    ['padding', `${token}=`],
    ['the other alphabet of base64', `+${token.slice(1)}`],
    ['a line feed at the end', `${token}\n`],
    ['a letter of another script', `\u0410${token.slice(1)}`],
    ['an access token', 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln'],
  ])('takes %s for no token', (_what, text) => {
    expect(hashRefreshToken(text)).toBeUndefined();
  });
});
