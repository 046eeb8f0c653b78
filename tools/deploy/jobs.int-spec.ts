import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES } from '@infinibay/contracts';
import { patience } from '@infinibay/testing';
import { connect } from '@nats-io/transport-node';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';

import { runCommand } from '../stack/command.ts';
import { startChild } from '../stack/child-process.ts';
import { SCHEMA_NAMES } from '../persistence/services.ts';
import { repositoryRoot } from '../stack/layout.ts';
import { hostUser } from '../nats/accounts.ts';
import { natsServerBinary } from '../stack/nats-binary.ts';
import { anyFreePort } from '../stack/free-ports.ts';
import { NATS_USER_NAMES } from '../stack/nats-users.ts';
import { pollUntil } from '../stack/polling.ts';
import { startTestPostgres, temporaryState, type TemporaryState } from '../stack/test-infrastructure.ts';
import { environmentFiles, natsPasswordVariable, type Variables } from './environment.ts';

const HOST_ID = '0196f5a0-0000-7000-8000-0000000000aa';
const FURTHER_HOST_ID = '0196f5a0-0000-7000-8000-0000000000ab';

let state: TemporaryState;
beforeAll(() => {
  state = temporaryState();
});
afterAll(() => {
  state.remove();
});

const passwords = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `pw-${name}`]));
const secrets = {
  postgresPassword: 'test',
  databasePasswords: passwords(SCHEMA_NAMES),
  natsPasswords: passwords(NATS_USER_NAMES),
  internalKey: 'k'.repeat(64),
  hostId: HOST_ID,
};
const files = environmentFiles(secrets);

const variables = (file: string): Variables => files.get(file) ?? {};

const runJob = (script: string, args: readonly string[], environment: Variables) => {
  const assignments = Object.entries({ ...environment, PATH: process.env['PATH'] ?? '' }).map(
    ([key, value]) => `${key}=${value}`,
  );
  return runCommand(
    'env',
    ['-i', ...assignments, process.execPath, path.join(repositoryRoot, 'tools', 'deploy', script), ...args],
    { timeoutMs: patience(140_000) },
  );
};

describe('the job that writes the configuration of NATS', () => {
  it('syncs every write, and gives a file with which a server lets each user in and nobody else', async () => {
    const configFile = path.join(state.natsDir, 'config', 'nats-server.conf');
    const result = await runJob('write-nats-config.ts', [configFile, path.join(state.natsDir, 'store')], {
      ...variables('nats-config.env'),
      FURTHER_HOST_IDS: FURTHER_HOST_ID,
      [natsPasswordVariable(hostUser(FURTHER_HOST_ID))]: `pw-${hostUser(FURTHER_HOST_ID)}`,
    });
    expect(result).toMatchObject({ code: 0 });
    const text = readFileSync(configFile, 'utf8');
    expect(text).toContain('sync_interval: always');

    const [port, monitorPort] = [await anyFreePort(), await anyFreePort()];
    // Debian's server is older than this setting; everything else is tried as it was written, on free ports.
    const local = text
      .replace(/^\s*sync_interval.*$/m, '')
      .replace('0.0.0.0:4222', `127.0.0.1:${String(port)}`)
      .replace('0.0.0.0:8222', `127.0.0.1:${String(monitorPort)}`);
    const localFile = path.join(state.natsDir, 'local.conf');
    writeFileSync(localFile, local);
    mkdirSync(state.runDir, { recursive: true });
    const child = await startChild({
      name: 'deployed-nats',
      command: natsServerBinary(),
      args: ['-c', localFile],
      environment: {},
      workingDir: state.runDir,
      logFile: path.join(state.logDir, 'nats.log'),
      runDir: state.runDir,
    });
    try {
      const servers = `nats://127.0.0.1:${String(port)}`;
      const first = await pollUntil(
        () => connect({ servers, user: 'vms', pass: 'pw-vms', reconnect: false }).catch(() => undefined),
        { timeoutMs: patience(10_000), what: 'NATS' },
      );
      await first.close();
      for (const name of [...SERVICE_NAMES, hostUser(FURTHER_HOST_ID)])
        await (await connect({ servers, user: name, pass: `pw-${name}`, reconnect: false })).close();
      await expect(connect({ servers, reconnect: false })).rejects.toThrow(/authorization/i);
    } finally {
      await child.stop();
    }
  });

  it('lets the agent of a further host in with what stands in the env file of that host, and no more', () => {
    const agent = hostUser(FURTHER_HOST_ID);
    const natsPasswords = { ...secrets.natsPasswords, [agent]: 'pw-further' };
    const ofHost = environmentFiles({ ...secrets, natsPasswords }, [FURTHER_HOST_ID]).get(`${agent}.env`) ?? {};
    const ofFirst = variables('hypervisor-agent.env');
    expect(ofHost).toEqual({ ...ofFirst, HOST_ID: FURTHER_HOST_ID, NATS_USER: agent, NATS_PASSWORD: 'pw-further' });
    expect(files.has(`${agent}.env`)).toBe(false);
  });

  it('names the variable that is missing', async () => {
    const result = await runJob('write-nats-config.ts', ['/nonexistent/x', '/nonexistent/y'], { HOST_ID });
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain('NATS_PASSWORD_GATEWAY is not set');
  });
});

describe('the job that prepares the database', () => {
  it('makes every role with its migrated schema, twice with the same result', async () => {
    const postgres = await startTestPostgres(state);
    try {
      const environment = { ...variables('database-setup.env'), DATABASE_ADMIN_URL: postgres.adminUrl() };
      for (const round of ['first', 'second']) {
        const result = await runJob('prepare-database.ts', [], environment);
        expect({ round, code: result.code, stderr: result.stderr }).toEqual({ round, code: 0, stderr: '' });
      }
      for (const role of SCHEMA_NAMES) {
        const client = new pg.Client({
          connectionString: `postgresql://${role}:pw-${role}@127.0.0.1:${String(postgres.port)}/infinibay`,
        });
        await client.connect();
        const { rows } = await client.query('SELECT count(*)::int AS waiting FROM outbox');
        await client.end();
        expect(rows).toEqual([{ waiting: 0 }]);
      }
    } finally {
      await postgres.stop();
    }
    // Prisma's program starts ten times, at two seconds of a processor each.
  }, 300_000);
});
