import { z } from 'zod';
import { setting } from './setting.js';

/** Text of an on/off variable. */
export const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');

/** Keys that every service has. */
export const httpSettings = {
  NODE_ENV: setting(
    z.enum(['development', 'production', 'test']).default('production'),
    'Run mode; production is the strict one',
    {
      example: 'production',
    },
  ),
  HTTP_HOST: setting(z.string().min(1).default('127.0.0.1'), 'Address that the service listens on', {
    example: '127.0.0.1',
  }),
  HTTP_PORT: setting(z.coerce.number().int().min(0).max(65_535), 'Port that the service listens on'),
  LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
    'Least level that is logged',
    {
      example: 'info',
    },
  ),
  LOG_FORMAT: setting(z.enum(['json', 'pretty']).default('json'), 'json for machines, pretty for a terminal', {
    example: 'json',
  }),
} as const;

/** For services whose own port is for everybody. @param port that is there when nothing is set */
export const healthSettings = (port: number) =>
  ({
    HEALTH_HOST: setting(
      z.string().min(1).default('127.0.0.1'),
      'Address on which /health and /metrics are answered; they are not on HTTP_PORT',
      { example: '127.0.0.1' },
    ),
    HEALTH_PORT: setting(
      z.coerce.number().int().min(0).max(65_535).default(port),
      'Port on which /health and /metrics are answered, for the inside only',
      { example: String(port) },
    ),
  }) as const;

export const natsSettings = {
  NATS_URL: setting(z.string().min(1).default('nats://127.0.0.1:4222'), 'NATS servers, comma-separated', {
    example: 'nats://127.0.0.1:4222',
  }),
  NATS_USER: setting(z.string().min(1), 'NATS user; each service has its own with an allow-list of subjects'),
  NATS_PASSWORD: setting(z.string().min(1), 'Password of the NATS user', { secret: true }),
} as const;

export const databaseSettings = {
  DATABASE_URL: setting(
    z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL'),
    "PostgreSQL URL with the service's own role",
    { secret: true },
  ),
  DATABASE_POOL_SIZE: setting(z.coerce.number().int().min(1).max(200).default(10), 'Most connections to PostgreSQL', {
    example: '10',
  }),
} as const;

/** Of a service with mutations. */
export const retentionSettings = {
  HISTORY_KEEP_DAYS: setting(
    z.coerce.number().int().min(7).max(3_650).default(90),
    'How long a repeated call with the same idempotency key gets the first answer, and ended operations and deleted VMs can be read',
    { example: '90' },
  ),
  AUDIT_KEEP_DAYS: setting(
    z.coerce.number().int().min(7).max(36_500).default(365),
    'How long the audit keeps an entry',
    { example: '365' },
  ),
} as const;

export const internalSettings = {
  INTERNAL_KEY: setting(
    z.string().min(32, 'must have at least 32 characters'),
    'Key that signs the actor the gateway passes to subgraphs; the same everywhere',
    { secret: true },
  ),
} as const;

const origins = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine(
    (list) => list.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    'must be origins such as https://app.example.org',
  );

/** For services that count what comes from one address. */
export const proxySettings = {
  TRUSTED_PROXIES: setting(
    z.coerce.number().int().min(0).max(10).default(0),
    'Reverse proxies in front; as many addresses of X-Forwarded-For are believed where what comes from one address is counted',
    { example: '0' },
  ),
} as const;

/** For services that browsers call. */
export const corsSettings = {
  CORS_ORIGINS: setting(origins, 'Origins of web pages that may connect besides our own, comma-separated', {
    example: '',
  }),
} as const;
