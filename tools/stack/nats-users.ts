import type { NatsUser } from './nats-config.ts';
import { SERVICES } from './services.ts';

/** Other teams' read-only access to events. */
export const CONSUMER_USER = 'consumer';

/** One NATS user per service, and one for other teams. */
export const NATS_USER_NAMES: readonly string[] = [...SERVICES.map(({ name }) => name), CONSUMER_USER];

const SERVICE_SUBJECTS = ['infinibay.>', '$JS.API.>', '$JS.ACK.>', '_INBOX.>'];
const CONSUMER_PUBLISH = ['$JS.API.INFO', '$JS.API.STREAM.INFO.EVENTS', '$JS.API.CONSUMER.*.EVENTS.>', '$JS.API.CONSUMER.MSG.NEXT.EVENTS.>', '$JS.ACK.EVENTS.>'];

export function natsUsers(passwords: Readonly<Record<string, string>>, _hostId: string): NatsUser[] {
  return NATS_USER_NAMES.map((user) => ({
    user,
    password: passwords[user] ?? '',
    permissions: user === CONSUMER_USER
      ? { publish: CONSUMER_PUBLISH, subscribe: ['_INBOX.>'] }
      : { publish: SERVICE_SUBJECTS, subscribe: SERVICE_SUBJECTS, allowResponses: true },
  }));
}
