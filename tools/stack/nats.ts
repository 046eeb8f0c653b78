import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { connect, type NatsConnection } from '@nats-io/transport-node';

import type { Team } from '../nats/accounts.ts';
import { keepStreams } from '../nats/streams.ts';
import { logTail, startChild, type RunningChild } from './child-process.ts';
import { anyFreePort } from './free-ports.ts';
import { natsServerBinary } from './nats-binary.ts';
import { natsServerConfig, sharedAccount, type NatsAccount, type NatsUser } from './nats-config.ts';
import { TEAMS } from './nats-users.ts';
import { pollUntil } from './polling.ts';
import { StackError } from './stack-error.ts';

export interface NatsOptions {
  /** JetStream's store and the generated configuration. */
  readonly dataDir: string;
  readonly runDir: string;
  readonly logFile: string;
  /** Users that all hear each other, in one account. */
  readonly users?: readonly NatsUser[];
  /** Accounts that are kept apart. */
  readonly accounts?: readonly NatsAccount[];
  /** Other teams whose consumers are kept; those of this installation when left out. */
  readonly teams?: readonly Team[];
  /** 127.0.0.1 only. Any free one when left out; so for the monitoring port. */
  readonly port?: number;
  readonly monitorPort?: number;
}

export interface RunningNats {
  readonly child: RunningChild;
  readonly port: number;
  readonly monitorPort: number;
  readonly url: string;
  readonly stop: () => Promise<void>;
}

async function tryConnect(url: string, user: NatsUser): Promise<NatsConnection | undefined> {
  try {
    return await connect({
      servers: url,
      user: user.user,
      pass: user.password,
      inboxPrefix: `_INBOX.${user.user}`,
      reconnect: false,
      timeout: 2_000,
    });
  } catch {
    return undefined;
  }
}

/** The connection of the user that keeps the streams lasts as long as the server; the next start makes another. */
async function waitUntilReady(child: RunningChild, url: string, user: NatsUser, teams: readonly Team[]): Promise<void> {
  const connection = await pollUntil(
    async () => {
      if (!child.isRunning()) throw new StackError(`nats-server ended at once:\n${logTail(child.logFile)}`);
      return tryConnect(url, user);
    },
    { timeoutMs: 90_000, intervalMs: 40, what: 'NATS to accept a connection' },
  );
  if (user.keepsStreams === true) await keepStreams(connection, teams, () => undefined).ready;
  else await connection.close();
}

/** Starts a nats-server of our own and returns when it answers and, where a user keeps them, the streams are there. */
export async function startNats(options: NatsOptions): Promise<RunningNats> {
  const accounts = options.accounts ?? [sharedAccount(options.users ?? [])];
  const users = accounts.flatMap((account) => account.users);
  const firstUser = users.find(({ keepsStreams }) => keepsStreams) ?? users[0];
  if (firstUser === undefined) throw new StackError('a NATS server without users would accept nobody');
  const port = options.port ?? (await anyFreePort());
  const monitorPort = options.monitorPort ?? (await anyFreePort());
  mkdirSync(options.dataDir, { recursive: true });
  mkdirSync(options.runDir, { recursive: true });
  const configFile = path.join(options.runDir, 'nats-server.conf');
  const settings = {
    port,
    monitorPort,
    storeDir: options.dataDir,
    pidFile: path.join(options.runDir, 'nats-server.pid'),
    accounts,
  };
  writeFileSync(configFile, natsServerConfig(settings), { mode: 0o600 });
  const child = await startChild({
    name: 'nats',
    command: natsServerBinary(),
    args: ['-c', configFile],
    environment: { PATH: process.env['PATH'] ?? '' },
    workingDir: options.runDir,
    logFile: options.logFile,
    runDir: options.runDir,
  });
  const url = `nats://127.0.0.1:${String(port)}`;
  try {
    await waitUntilReady(child, url, firstUser, options.teams ?? TEAMS);
  } catch (error) {
    await child.stop('SIGKILL');
    throw error;
  }
  return {
    child,
    port,
    monitorPort,
    url,
    stop: async () => {
      await child.stop();
    },
  };
}
