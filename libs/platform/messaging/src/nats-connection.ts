import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@infinibay/platform-logging';

export interface NatsOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly service: string;
}

/** Inboxes carry the user's name, so that the server can keep services out of each other's answers. */
export const inboxPrefix = (user: string): string => `_INBOX.${user}`;

/** Connects, waiting for a server that is not there yet, and reconnects for ever. */
export const connectToNats = async (options: NatsOptions, logger: Logger): Promise<NatsConnection> => {
  const connection = await connect({
    servers: options.url.split(','),
    user: options.user,
    pass: options.password,
    name: options.service,
    inboxPrefix: inboxPrefix(options.user),
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 250,
    pingInterval: 10_000,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  });
  void logStatus(connection, logger);
  return connection;
};

const logStatus = async (connection: NatsConnection, logger: Logger): Promise<void> => {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' || status.type === 'reconnect')
      logger.warn({ nats: status.type }, `NATS ${status.type}`);
    else if (status.type === 'error') logger.error({ err: status.error }, 'NATS reported an error');
  }
};
