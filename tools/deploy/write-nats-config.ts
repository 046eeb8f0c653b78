/**
 * Job of docker-compose.yml: writes nats-server.conf from the contracts and the users' passwords (NATS_PASSWORD_*), and
 * gives the store to the user that the server runs as.
 * node tools/deploy/write-nats-config.ts <config file> <store folder>
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { stackNatsAccounts, NATS_USER_NAMES } from '../stack/nats-users.ts';
import { natsPasswordVariable } from './environment.ts';
import { deployedNatsConfig } from './nats-server-config.ts';

/** The user of the containers: `node` in Node's image. */
const CONTAINER_UID = 1000;

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

const [configFile, storeDir] = process.argv.slice(2);
if (configFile === undefined || storeDir === undefined)
  throw new Error('usage: write-nats-config.ts <config file> <store folder>');
const passwords = Object.fromEntries(NATS_USER_NAMES.map((user) => [user, required(natsPasswordVariable(user))]));
const text = deployedNatsConfig({
  accounts: stackNatsAccounts(passwords, required('HOST_ID')),
  storeDir,
  syncInterval: 'always',
});
for (const folder of [path.dirname(configFile), storeDir]) mkdirSync(folder, { recursive: true });
writeFileSync(configFile, text, { mode: 0o400 });
if (process.getuid?.() === 0)
  for (const owned of [configFile, storeDir]) chownSync(owned, CONTAINER_UID, CONTAINER_UID);
process.stdout.write(`wrote ${configFile} for ${String(NATS_USER_NAMES.length)} users\n`);
