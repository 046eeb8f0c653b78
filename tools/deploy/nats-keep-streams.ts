/**
 * Service `streams` of docker-compose.yml: makes the streams and consumers, and makes them again when the store was
 * erased. No other credential may make any.
 * NATS_URL, NATS_PASSWORD and NATS_TEAMS say where, as whom and for which other teams.
 */
import { connect } from '@nats-io/transport-node';

import { STREAMS_USER } from '../nats/accounts.ts';
import { keepStreams } from '../nats/streams.ts';
import { TEAMS } from '../stack/nats-users.ts';

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
};

const connection = await connect({
  servers: required('NATS_URL').split(','),
  user: STREAMS_USER,
  pass: required('NATS_PASSWORD'),
  name: STREAMS_USER,
  inboxPrefix: `_INBOX.${STREAMS_USER}`,
  waitOnFirstConnect: true,
  maxReconnectAttempts: -1,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void connection.close());
const keeper = keepStreams(connection, TEAMS, (error) => {
  process.stderr.write(`streams could not be kept; retry follows: ${String(error)}\n`);
});
void keeper.ready.then(() => process.stdout.write('streams and consumers are there\n')).catch(() => undefined);
await keeper.ended;
