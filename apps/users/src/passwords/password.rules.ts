import { z } from 'zod';

export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 256;

/** Length is all that is asked: rules of composition make passwords weaker (NIST SP 800-63B). */
export const NewPassword = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `must have at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(MAX_PASSWORD_LENGTH, `must have at most ${MAX_PASSWORD_LENGTH} characters`);

/**
 * E-mail addresses are compared and kept in lower case. Only ASCII: other letters become equal to it in lower case
 * (the Kelvin sign is a k), or only look so.
 */
export const Email = z
  .string()
  .max(254)
  .trim()
  .regex(/^[\x21-\x7e]*$/, 'must consist of ASCII characters')
  .toLowerCase()
  .pipe(z.email());
