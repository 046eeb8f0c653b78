import {
  corsSettings,
  healthSettings,
  httpSettings,
  natsSettings,
  proxySettings,
  setting,
  type ConfigOf,
} from '@infinibay/platform-config';
import { z } from 'zod';

/** Every key that the realtime service reads from the environment. */
export const configSchema = {
  ...httpSettings,
  ...healthSettings(4107),
  ...natsSettings,
  ...corsSettings,
  ...proxySettings,
  CONNECTIONS_PER_SECOND: setting(
    z.coerce.number().min(0.1).max(100_000).default(50),
    'New connections of one address a second; four times as many at once',
    {
      example: '50',
    },
  ),
  CONNECTIONS: setting(
    z.coerce.number().int().min(1).max(1_000_000).default(20_000),
    'Connections that one instance takes',
    { example: '20000' },
  ),
  CONNECTIONS_PER_USER: setting(
    z.coerce.number().int().min(1).max(10_000).default(50),
    'Connections that one user may have open on one instance',
    { example: '50' },
  ),
  SUBSCRIPTIONS_PER_CONNECTION: setting(
    z.coerce.number().int().min(1).max(10_000).default(500),
    'VMs that one connection may watch',
    { example: '500' },
  ),
  SESSION_GRACE_SECONDS: setting(
    // Less would end everybody for one question that hung, or for a restart of users.
    z.coerce.number().int().min(15).max(600).default(30),
    'How long connections go on while the users service does not answer about their sessions, in seconds',
    { example: '30' },
  ),
} as const;

export type RealtimeConfig = ConfigOf<typeof configSchema>;

/** Injection token of the loaded configuration. */
export const CONFIG = Symbol('CONFIG');
