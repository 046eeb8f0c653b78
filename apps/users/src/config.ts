import {
  databaseSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  retentionSettings,
  setting,
  type ConfigOf,
} from '@infinibay/platform-config';
import { z } from 'zod';
import { DEMO_EMAIL } from './demo-account.js';

const attempts = z.coerce.number().int().min(1).max(100_000);

/** Each start gives the demo account another password: an administrator of that name could never log in again. */
const administratorEmail = z
  .email()
  .refine(
    (email) => email.toLowerCase() !== DEMO_EMAIL,
    'is the account of the demo, which gets another password at each start',
  );

export const configSchema = {
  ...httpSettings,
  ...natsSettings,
  ...databaseSettings,
  ...retentionSettings,
  ...internalSettings,
  BOOTSTRAP_ADMIN_EMAIL: setting(
    administratorEmail.default('admin@infinibay.local'),
    'E-mail of the first administrator',
    {
      example: 'admin@infinibay.local',
    },
  ),
  BOOTSTRAP_ADMIN_PASSWORD: setting(
    z.string().min(12, 'must have at least 12 characters').max(256).optional(),
    'Password of the first administrator, who is created when there is none; unused from then on',
    { secret: true, example: '' },
  ),
  DEMO_ADMIN_PASSWORD: setting(
    z.string().min(12, 'must have at least 12 characters').max(256).optional(),
    'Local installations only: password that demo@infinibay.local, an administrator, gets at this start',
    { secret: true, example: '' },
  ),
  LOGIN_ATTEMPTS_PER_ACCOUNT: setting(
    attempts.default(10),
    'Failed logins to one account from one address within the window before the account is closed to that address',
    {
      example: '10',
    },
  ),
  LOGIN_ATTEMPTS_PER_ADDRESS: setting(
    attempts.default(100),
    'Failed logins from one address within the window before it is refused',
    {
      example: '100',
    },
  ),
  LOGIN_ACCOUNT_SLOW_AFTER: setting(
    attempts.default(50),
    'Failed logins to one account from anywhere within the window before addresses that never logged in to it are slowed',
    { example: '50' },
  ),
  LOGIN_ACCOUNT_SLOW_SECONDS: setting(
    z.coerce.number().int().min(1).max(300).default(5),
    'Seconds between two such logins to a slowed account',
    { example: '5' },
  ),
  LOGINS_PER_MINUTE: setting(
    attempts.default(120),
    'Logins, right or wrong, to one account from one address within a minute before more are refused',
    { example: '120' },
  ),
  PASSWORD_HASHES_AT_ONCE: setting(
    z.coerce.number().int().min(1).max(64).default(2),
    'Password hashes made at once by one instance; each takes 19 MiB and a processor for some 20 ms',
    { example: '2' },
  ),
  PASSWORD_HASHES_WAITING: setting(
    attempts.default(500),
    'Logins and new passwords that wait for their hash in one instance before more are refused',
    { example: '500' },
  ),
  DEPARTMENTS_PER_USER: setting(
    z.coerce.number().int().min(100).max(10_000).default(1_000),
    'Departments that one user may be a member of; every request carries them all',
    { example: '1000' },
  ),
  REFRESH_GRACE_SECONDS: setting(
    z.coerce.number().int().min(0).max(60).default(10),
    'Seconds in which the same client may use a refresh token again (two tabs, a retry) without ending the session',
    { example: '10' },
  ),
  LOGIN_WINDOW_SECONDS: setting(
    z.coerce.number().int().min(1).max(86_400).default(900),
    'Length of the window of failed logins',
    {
      example: '900',
    },
  ),
} as const;

export type UsersConfig = ConfigOf<typeof configSchema>;

/** Injection token of UsersConfig. */
export const USERS_CONFIG = Symbol('USERS_CONFIG');
