/**
 * node tools/deploy/write-environment.ts: makes the secrets of a compose deployment once and writes the env files that
 * docker-compose.yml names. Repeating it keeps the secrets and adds what a new service needs.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { SCHEMA_NAMES } from '../persistence/services.ts';
import { repositoryRoot } from '../stack/layout.ts';
import { NATS_USER_NAMES } from '../stack/nats-users.ts';
import { loadSecrets } from '../stack/secrets.ts';
import { environmentFiles } from './environment.ts';

const folder = path.join(repositoryRoot, '.infinibay', 'compose');
mkdirSync(folder, { recursive: true, mode: 0o700 });
chmodSync(folder, 0o700);
const secrets = loadSecrets(path.join(folder, 'secrets.json'), SCHEMA_NAMES, NATS_USER_NAMES);
for (const [name, variables] of environmentFiles(secrets)) {
  const lines = Object.entries(variables).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(path.join(folder, name), lines.join(''), { mode: 0o600 });
}
process.stdout.write('wrote the env files of docker-compose.yml below .infinibay/compose\n');
