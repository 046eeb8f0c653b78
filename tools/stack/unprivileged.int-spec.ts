import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { runCommand } from './command.ts';
import { startPostgres, type RunningPostgres } from './postgres.ts';
import { temporaryState } from './test-infrastructure.ts';
import { chooseUnprivilegedRunner, RUNNERS, type UnprivilegedRunner } from './unprivileged.ts';

const isRoot = process.getuid?.() === 0;

describe('PostgreSQL for root', () => {
  let state: ReturnType<typeof temporaryState>;
  let running: RunningPostgres | undefined;

  const start = async (runner: UnprivilegedRunner): Promise<number> => {
    const dataDir = path.join(state.stateDir, 'postgres', 'data');
    const logFile = path.join(state.stateDir, 'postgres.log');
    running = await startPostgres({
      dataDir,
      runDir: state.runDir,
      logFile,
      superuserPassword: 'x',
      durable: false,
      runner,
    });
    const client = new pg.Client({ connectionString: running.adminUrl() });
    await client.connect();
    await client.query('CREATE TABLE IF NOT EXISTS starts (at timestamptz)');
    await client.query('INSERT INTO starts VALUES (now())');
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int FROM starts');
    await client.end();
    await running.stop();
    running = undefined;
    if (isRoot) expect(statSync(dataDir).uid).toBe(runner.fileOwner);
    return rows[0]?.count ?? 0;
  };

  afterEach(async () => {
    await running?.stop('immediate');
    state.remove();
  });

  it('starts by either way, also on files of the other way, and keeps the data', async () => {
    state = temporaryState();
    const ways = isRoot
      ? [RUNNERS.asNobody, RUNNERS.inUserNamespace, RUNNERS.asNobody]
      : [await chooseUnprivilegedRunner(state.runDir)];
    for (const [index, way] of ways.entries()) expect(await start(way)).toBe(index + 1);
  });

  it('lets the program look at files in folders that only root may pass', async () => {
    state = temporaryState();
    const closed = path.join(state.stateDir, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    writeFileSync(path.join(closed, 'program'), '', { mode: 0o755 });
    const ways = isRoot ? Object.values(RUNNERS) : [await chooseUnprivilegedRunner(state.runDir)];
    for (const way of ways) {
      const look = way.wrap('test', ['-x', path.join(closed, 'program')]);
      expect(await runCommand(look.command, look.args)).toMatchObject({ code: 0 });
    }
  });

  it('says so when no way works', async () => {
    state = temporaryState();
    const broken: UnprivilegedRunner = { wrap: () => ({ command: 'false', args: [] }), fileOwner: 0 };
    const choice = chooseUnprivilegedRunner(state.runDir, [broken]);
    if (isRoot) await expect(choice).rejects.toThrow('neither user namespaces nor setpriv');
    else await expect(choice).resolves.toBeDefined();
  });
});
