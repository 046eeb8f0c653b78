import { VmName } from '@infinibay/contracts';
import { z } from 'zod';
import { isSshPublicKey } from './ssh-key.js';

export const MAX_SSH_KEYS = 32;
export const MAX_SSH_KEY_LENGTH = 4_096;
export const MAX_PACKAGES = 128;
export const MAX_USER_DATA_BYTES = 65_536;

/** crypt(3): SHA-256 and SHA-512 with at most 9,999,999 rounds, and yescrypt. Anything else may be a password as people type it. */
const PASSWORD_HASH =
  /^(?:\$5\$(?:rounds=[1-9]\d{3,6}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}|\$6\$(?:rounds=[1-9]\d{3,6}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}|\$y\$[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{1,86}\$[./0-9A-Za-z]{43})$/;

/** Begins with a letter or digit, so that no package manager takes it for an option; a dash at the end would remove it. */
const PACKAGE = /^[A-Za-z0-9](?:[A-Za-z0-9+._:=~-]{0,126}[A-Za-z0-9+])?$/;

/** cloud-init gives `default` a meaning of its own, and `root` is not made but changed. */
const NOT_A_USER: ReadonlySet<string> = new Set(['root', 'default']);

/** What people cannot type, but line feeds and tabs; PostgreSQL and YAML refuse some of it. */
const UNTYPED = /[\p{Cc}\p{Cs}]/u;
const isTyped = (text: string): boolean => !UNTYPED.test(text.replace(/[\t\n\r]/g, ''));

/** How a text of cloud-init says what it is. */
export const CLOUD_CONFIG = '#cloud-config';
const isUserData = (text: string): boolean => text.startsWith('#!') || /^#cloud-config[ \t]*(?:\r?\n|$)/.test(text);

const UserName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, _ and -, beginning with a letter or _')
  .refine((name) => !NOT_A_USER.has(name), 'must be neither root nor default; userData can say what either shall be');

const SshPublicKey = z
  .string()
  .max(MAX_SSH_KEY_LENGTH)
  .trim()
  .refine(
    isSshPublicKey,
    'must be one public key in the form of OpenSSH, without options: "ssh-ed25519 AAAA… comment"',
  );

const PasswordHash = z
  .string()
  .max(256)
  .regex(
    PASSWORD_HASH,
    'must be a hash of crypt(3), beginning with $6$, $5$ or $y$ (mkpasswd makes one); a password itself is not taken',
  );

/**
 * Not parsed: a hostile document of this size keeps a YAML parser busy for seconds, and cloud-init tells its guest what is
 * wrong with it.
 */
const UserData = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_USER_DATA_BYTES, {
    message: `must have at most ${MAX_USER_DATA_BYTES} bytes`,
    abort: true,
  })
  .refine(isTyped, 'must be text without control characters')
  .refine(isUserData, `must begin with the line ${CLOUD_CONFIG}, or with #! and the program that runs it`);

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const list = <T extends z.ZodType>(schema: T, most: number) =>
  z
    .array(schema)
    .max(most)
    .nullish()
    .transform((values) => [...new Set(values ?? [])]);

/** What a guest shall find when cloud-init looks in it, checked; also the form in which it is kept. */
export const CloudInit = z
  .object({
    userName: optional(UserName),
    sshAuthorizedKeys: list(SshPublicKey, MAX_SSH_KEYS),
    passwordHash: optional(PasswordHash),
    packages: list(z.string().regex(PACKAGE, 'must be the name of a package'), MAX_PACKAGES),
    hostname: optional(VmName),
    userData: optional(UserData),
  })
  .refine(({ userName, passwordHash }) => passwordHash === null || userName !== null, {
    // Given to the user of the image, some releases of cloud-init take a hash that they do not know for the password.
    message: 'is the password of userName, which is missing',
    path: ['passwordHash'],
  });
export type CloudInit = z.output<typeof CloudInit>;

/** Whether both show a guest the same. */
export const isSameCloudInit = (one: CloudInit | null, other: CloudInit | null): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
