import { z } from 'zod';
import { isVisible } from './visible-text.js';

/** Any RFC 9562 UUID, lower case. */
export const Uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a UUID in lower case');

export const MacAddress = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'must be a MAC address in lower case');

export const Ipv4Address = z.ipv4();

/** IPv4 network in CIDR form, host bits zero. Ranges are checked by libs/networks-domain. */
export const Ipv4Cidr = z.cidrv4();

/** RFC 1123 label: what a guest may carry as host name. */
export const VmName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z, 0-9 and -, not starting or ending with -');

/**
 * A name for people: any text in which every character can be seen. It is kept in NFC and without space around it.
 * Refused are control and format characters (direction overrides, zero width), fillers that show as nothing, unassigned
 * and private code points, lone surrogates, line separators, and names without one visible character.
 */
export const DisplayName = z
  .string()
  .max(1_000)
  .normalize('NFC')
  .trim()
  .min(1)
  .max(120)
  .refine(isVisible, 'must consist of characters that can be seen');

/** A remark for people, on one line; kept and refused as DisplayName is, but it may be empty. */
const remark = (mostCharacters: number) =>
  z
    .string()
    .max(10 * mostCharacters)
    .normalize('NFC')
    .trim()
    .max(mostCharacters)
    .refine((text) => text === '' || isVisible(text), 'must consist of characters that can be seen');

/** At most 500 characters on one line. */
export const DisplayText = remark(500);

/** What people write about a resource: at most 1,000 characters on one line. */
export const Description = remark(1_000);

/** The client's key that makes a repeated mutation act once. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,128}$/, 'must be 8 to 128 printable ASCII characters without spaces');

/** Grows with every worker that takes over a resource; hosts refuse anything older. */
export const Fence = z.int().nonnegative().describe('Fencing generation of the worker that asks');

export const Port = z.int().min(1).max(65_535);
