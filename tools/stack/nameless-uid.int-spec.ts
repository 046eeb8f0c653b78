// The stack under a uid that the system has no name for, as in a container with `--user 12345`.
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { patience } from '@infinibay/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { runCommand, type CommandResult } from './command.ts';
import { repositoryRoot } from './layout.ts';
import { findNssWrapper } from './names-for-uid.ts';

const UID = 12_345;
const ifRoot = process.getuid?.() === 0 ? describe : describe.skip;

/** Starts PostgreSQL twice, asks it, and prints what it answered; the first argument forbids user namespaces. */
const SCRIPT = `
  const { startPostgres } = await import(${JSON.stringify(path.join(repositoryRoot, 'tools/stack/postgres.ts'))});
  const { chooseUnprivilegedRunner } = await import(${JSON.stringify(path.join(repositoryRoot, 'tools/stack/unprivileged.ts'))});
  const { default: pg } = await import(${JSON.stringify(path.join(repositoryRoot, 'node_modules/pg/esm/index.mjs'))});
  const folder = process.env.FOLDER;
  const broken = { wrap: () => ({ command: 'false', args: [] }), fileOwner: 0 };
  for (const round of [1, 2]) {
    const runner = await chooseUnprivilegedRunner(folder + '/names', process.env.FORBIDDEN === '1' ? [broken] : undefined);
    const server = await startPostgres({ dataDir: folder + '/data', runDir: folder + '/run', logFile: folder + '/log', superuserPassword: 'x', durable: false, runner });
    const client = new pg.Client({ connectionString: server.adminUrl() });
    await client.connect();
    console.log((await client.query('SELECT current_user AS name')).rows[0].name, process.getuid(), server.created);
    await client.end();
    await server.stop();
  }
`;

ifRoot('a uid without a name', () => {
  // Not below a folder that only root may pass.
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync('/tmp/ib-uid-');
    chownSync(folder, UID, UID);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const asNameless = (variables: Readonly<Record<string, string>>, ...args: string[]): Promise<CommandResult> => {
    const environment = { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder, FOLDER: folder, ...variables };
    const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const identity = ['--reuid', String(UID), '--regid', String(UID), '--clear-groups'];
    return runCommand('setpriv', [...identity, 'env', '-i', ...assignments, process.execPath, ...args], {
      workingDir: folder,
      timeoutMs: patience(400_000),
    });
  };

  it('starts PostgreSQL, and again on what it made', async () => {
    expect(readFileSync('/etc/passwd', 'utf8')).not.toContain(`:${String(UID)}:`);
    const result = await asNameless({}, '--input-type=module', '-e', SCRIPT);
    expect([result.code, result.stdout, result.stderr]).toEqual([0, 'postgres 12345 true\npostgres 12345 false\n', '']);
  }, 500_000);

  it('starts it where user namespaces are forbidden too, or is told what is missing', async () => {
    const library = await findNssWrapper();
    const result = await asNameless({ FORBIDDEN: '1' }, '--input-type=module', '-e', SCRIPT);
    if (library === undefined) expect(result.stderr).toContain('install libnss-wrapper or add a line for 12345 to');
    else expect([result.code, result.stdout]).toEqual([0, 'postgres 12345 true\npostgres 12345 false\n']);
  }, 500_000);

  it('runs the whole stack to the end of its demo', async () => {
    const main = path.join(repositoryRoot, 'tools/stack/main.ts');
    const variables = { INFINIBAY_HYPERVISOR: 'test', INFINIBAY_STATE_DIR: path.join(folder, 'state') };
    const result = await asNameless(variables, main, 'start', '--exit-after-demo');
    expect([result.code, result.stdout.slice(-2_000)]).toEqual([0, expect.stringContaining('nothing left behind')]);
  }, 500_000);
});
