import { natsAccountsBlock, type NatsAccount } from '../stack/nats-config.ts';

export interface DeployedNatsSettings {
  readonly accounts: readonly NatsAccount[];
  readonly storeDir: string;
  /** When JetStream's files are synced: `always` before each acknowledgement. undefined for servers before 2.10, which have no such setting. */
  readonly syncInterval: 'always' | undefined;
}

/** nats-server's configuration for a deployment: JetStream with synced writes, named users, a monitor for health checks. */
export const deployedNatsConfig = ({ accounts, storeDir, syncInterval }: DeployedNatsSettings): string =>
  [
    '# Written by tools/deploy at every start; changes here are lost.',
    'server_name: infinibay',
    'listen: "0.0.0.0:4222"',
    'http: "0.0.0.0:8222"',
    'max_payload: 1048576',
    'max_pending: 33554432',
    'write_deadline: "5s"',
    'jetstream {',
    `  store_dir: ${JSON.stringify(storeDir)}`,
    '  max_memory_store: 67108864',
    '  max_file_store: 4294967296',
    ...(syncInterval === undefined ? [] : [`  sync_interval: ${syncInterval}`]),
    '}',
    natsAccountsBlock(accounts),
    '',
  ].join('\n');
