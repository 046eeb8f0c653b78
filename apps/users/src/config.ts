import {
  databaseSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  setting,
  type ConfigOf,
} from '@infinibay/platform-config';
import { z } from 'zod';
import { DEMO_EMAIL } from './bootstrap/demo-account.js';

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
    'Failed logins to one account within the window before it is closed',
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
