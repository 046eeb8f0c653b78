import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT, decodeJwt } from 'jose';
import { CONSOLE_TICKET_SECONDS, signConsoleTicket, verifyConsoleTicket } from './console-ticket.js';
import { signActor, verifyActor } from './internal-token.js';

const KEY = 'k'.repeat(32);
const secret = new TextEncoder().encode(KEY);
const now = Math.floor(Date.now() / 1_000);
const claims = {
  id: randomUUID(),
  actorId: randomUUID(),
  sessionId: randomUUID(),
  vmId: randomUUID(),
  hostId: randomUUID(),
  access: 'VIEW',
  issuedAt: new Date(now * 1_000),
} as const;
const invalid = { code: 'CONSOLE_TICKET_INVALID', details: {} };

/** A ticket like ours but for one thing. */
const forged = (
  change: (token: SignJWT) => SignJWT = (token) => token,
  payload: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> =>
  change(
    new SignJWT({ sid: claims.sessionId, vm: claims.vmId, host: claims.hostId, access: 'VIEW', ...payload })
      .setProtectedHeader({ alg: 'HS256', typ: 'infinibay-console+jwt', ...header })
      .setAudience('infinibay-console')
      .setSubject(claims.actorId)
      .setJti(claims.id)
      .setIssuedAt(now)
      .setExpirationTime(now + CONSOLE_TICKET_SECONDS),
  ).sign(secret);

describe('console tickets', () => {
  it('say what was signed, and are the same to the letter when signed again', async () => {
    const ticket = await signConsoleTicket(claims, KEY);
    expect(await verifyConsoleTicket(ticket, KEY)).toEqual(claims);
    expect(await signConsoleTicket({ ...claims }, KEY)).toBe(ticket);
    expect(await forged()).toBe(ticket);
    expect(decodeJwt(ticket).exp).toBe(now + 60);
  });

  it.each([
    ['of another key', () => signConsoleTicket(claims, 'x'.repeat(32))],
    ['for another audience', () => forged((token) => token.setAudience('infinibay-subgraphs'))],
    ['of another type', () => forged(undefined, {}, { typ: 'JWT' })],
    ['of another algorithm', () => forged(undefined, {}, { alg: 'HS512' })],
    ['for no known access', () => forged(undefined, { access: 'ROOT' })],
    ['for no VM', () => forged(undefined, { vm: 'all' })],
    ['that is old', () => forged((token) => token.setIssuedAt(now - 300).setExpirationTime(now - 240))],
    [
      'that is old and says that it lasts',
      () => forged((token) => token.setIssuedAt(now - 300).setExpirationTime('2h')),
    ],
    ['without a signature', async () => new UnsecuredJWT(decodeJwt(await forged())).encode()],
    ['that is no token', () => 'nonsense'],
    ['that is too long', () => 'a'.repeat(3_000)],
  ])('are refused without a reason: one %s', async (_what, make) => {
    await expect(verifyConsoleTicket(await make(), KEY)).rejects.toMatchObject(invalid);
  });

  it('are no tokens of an actor, nor the other way round', async () => {
    await expect(verifyActor(await signConsoleTicket(claims, KEY), KEY)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    const actor = await signActor(
      { userId: claims.actorId, sessionId: claims.sessionId, role: 'ADMIN', departmentIds: [] },
      KEY,
    );
    await expect(verifyConsoleTicket(actor, KEY)).rejects.toMatchObject(invalid);
  });
});
