import { ConsoleAccess, DomainError, MAX_CONSOLE_TICKET_LENGTH, Uuid } from '@infinibay/contracts';
import { CLOCK_TOLERANCE_SECONDS } from '@infinibay/platform-messaging';
import { SignJWT, jwtVerify } from 'jose';
import { z } from 'zod';

const TYPE = 'infinibay-console+jwt';
const AUDIENCE = 'infinibay-console';
export const CONSOLE_TICKET_SECONDS = 60;

const Payload = z.object({
  jti: z.string(),
  sub: Uuid,
  sid: Uuid,
  vm: Uuid,
  host: Uuid,
  access: ConsoleAccess,
  iat: z.int(),
});

/** What a ticket for the console of a VM says. */
export interface ConsoleTicketClaims {
  /** With actor and time it names one ticket. */
  readonly id: string;
  readonly actorId: string;
  readonly sessionId: string;
  readonly vmId: string;
  readonly hostId: string;
  readonly access: ConsoleAccess;
  /** Whole seconds: a token carries no more. */
  readonly issuedAt: Date;
}

const keyOf = (internalKey: string): Uint8Array => new TextEncoder().encode(internalKey);
const secondsOf = (at: Date): number => Math.floor(at.getTime() / 1_000);

/** The same claims give the same ticket, to the letter: nobody has to keep it to give it again. */
export const signConsoleTicket = (claims: ConsoleTicketClaims, internalKey: string): Promise<string> =>
  new SignJWT({ sid: claims.sessionId, vm: claims.vmId, host: claims.hostId, access: claims.access })
    .setProtectedHeader({ alg: 'HS256', typ: TYPE })
    .setAudience(AUDIENCE)
    .setSubject(claims.actorId)
    .setJti(claims.id)
    .setIssuedAt(secondsOf(claims.issuedAt))
    .setExpirationTime(secondsOf(claims.issuedAt) + CONSOLE_TICKET_SECONDS)
    .sign(keyOf(internalKey));

/**
 * Reads a ticket that we signed. Clocks may differ, so it holds for CLOCK_TOLERANCE_SECONDS longer here; when it ends to
 * the second, and whether it was used, is known to who issued it.
 * @throws DomainError CONSOLE_TICKET_INVALID, whatever is wrong with it
 */
export const verifyConsoleTicket = async (ticket: string, internalKey: string): Promise<ConsoleTicketClaims> => {
  try {
    if (ticket.length > MAX_CONSOLE_TICKET_LENGTH) throw new Error('too long');
    const { payload } = await jwtVerify(ticket, keyOf(internalKey), {
      algorithms: ['HS256'],
      audience: AUDIENCE,
      typ: TYPE,
      requiredClaims: ['jti', 'sub', 'iat', 'exp'],
      maxTokenAge: `${String(CONSOLE_TICKET_SECONDS)}s`,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    const { jti, sub, sid, vm, host, access, iat } = Payload.parse(payload);
    const issuedAt = new Date(iat * 1_000);
    return { id: jti, actorId: sub, sessionId: sid, vmId: vm, hostId: host, access, issuedAt };
  } catch (error) {
    throw new DomainError('CONSOLE_TICKET_INVALID', {}, { cause: error });
  }
};
