import { SERVICE_NAMES } from '@infinibay/contracts';

import { consumerPermissions, servicePermissions } from '../nats/permissions.ts';
import type { NatsUser } from './nats-config.ts';

/** Other teams' read-only access to the events of all departments. */
export const CONSUMER_USER = 'consumer';

/** One NATS user per service, and one for other teams. */
export const NATS_USER_NAMES: readonly string[] = [...SERVICE_NAMES, CONSUMER_USER];

/** The server's users with what the contracts allow each. */
export function natsUsers(passwords: Readonly<Record<string, string>>, hostId: string): NatsUser[] {
  const services = SERVICE_NAMES.map((user) => ({ user, permissions: servicePermissions(user, hostId) }));
  return [...services, { user: CONSUMER_USER, permissions: consumerPermissions(CONSUMER_USER) }].map((user) => ({
    ...user,
    password: passwords[user.user] ?? '',
  }));
}
