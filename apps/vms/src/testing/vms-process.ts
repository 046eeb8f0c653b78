import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { INTERNAL_KEY, testNats, type TestDatabase } from './vms-under-test.js';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

/** The service itself, as an operator starts it: something to be killed. @param more of its environment */
export const spawnVms = (
  { url }: Pick<TestDatabase, 'url'>,
  more: Readonly<Record<string, string>> = {},
): ChildProcess => {
  const nats = testNats();
  const env = {
    HTTP_PORT: '0',
    LOG_LEVEL: 'error',
    NATS_URL: nats.url,
    NATS_USER: nats.user,
    NATS_PASSWORD: nats.password,
    DATABASE_URL: url,
    INTERNAL_KEY,
    LEASE_SECONDS: '3',
    ...more,
  };
  return spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
};
