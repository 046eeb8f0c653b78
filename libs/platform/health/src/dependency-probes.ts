import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { outboxLag, type SqlClient } from '@infinibay/platform-persistence';
import type { Probe } from './probe.js';

/** Writes a row: a full disk or a read-only replica is not ready. */
export const databaseProbe = (client: SqlClient): Probe => ({
  name: 'postgresql',
  check: async () => {
    await client.$executeRawUnsafe(
      `INSERT INTO health_probe (id, checked_at) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET checked_at = now()`,
    );
  },
});

/** Publishes into a stream and waits for the acknowledgement: a server with a full disk accepts connections but stores nothing. */
export const natsProbe = (connection: NatsConnection, service: string): Probe => {
  const client = jetstream(connection, { timeout: 2_000 });
  return {
    name: 'nats',
    check: async () => {
      await client.publish(`infinibay.health.v1.${service}`, new Date().toISOString());
    },
  };
};

/** Events that leave within this time are only on their way. */
const LATE_SECONDS = 30;

/** Whether what the service tells of leaves it. It works on without, so it is told and no reason not to be ready. */
export const outboxProbe = (client: SqlClient): Probe => {
  let lag: Readonly<Record<string, number>> | undefined;
  return {
    name: 'outbox',
    required: false,
    check: async () => {
      lag = undefined;
      const { waiting, oldestSeconds } = await outboxLag(client);
      lag = { waiting, oldestSeconds: Math.round(oldestSeconds) };
      if (oldestSeconds > LATE_SECONDS) throw new Error(`events have waited for ${Math.round(oldestSeconds)} s`);
    },
    detail: () => lag,
  };
};
