// What an instance does when nothing is to be done. Beside the sources, since it needs the stack's tools.
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningNats } from '../../../tools/stack/nats.ts';
import { startTestNats, temporaryState, testNatsUser } from '../../../tools/stack/test-infrastructure.ts';
import { PrismaClient } from '../src/database.ts';
import { VmsUnderTest, createTestDatabase, type TestDatabase } from '../src/testing/vms-under-test.ts';

const LOOKS = 5;

describe('an idle instance', () => {
  const state = temporaryState();
  let nats: RunningNats;
  let database: TestDatabase;
  let vms: VmsUnderTest;

  beforeAll(async () => {
    // Of its own: what specs before have left in the streams would be told to this instance too.
    nats = await startTestNats(state);
    database = await createTestDatabase('vms');
    // One connection: what it has done it tells when it is asked to, and nobody else has done anything.
    vms = await VmsUnderTest.start(database, {
      DATABASE_POOL_SIZE: '1',
      NATS_URL: nats.url,
      NATS_USER: testNatsUser.user,
      NATS_PASSWORD: testNatsUser.password,
    });
  }, 120_000);
  afterAll(async () => {
    await vms.stop();
    await database.drop();
    await nats.child.stop('SIGTERM');
    state.remove();
  }, 120_000);

  /** How often the instance looked for due VMs, and how often anybody read or wrote the table. */
  const looks = async (works: readonly string[] = ['vms']): Promise<number> => {
    const metric = await vms.get(MetricsRegistry).registry.getSingleMetric('infinibay_work_looks_total')?.get();
    const counted = metric?.values.filter(({ labels }) => works.includes(String(labels['work']))) ?? [];
    return counted.reduce((sum, { value }) => sum + value, 0);
  };
  /** What is to be done to VMs, and which of them are to be deleted. */
  const looksAtVms = () => looks(['vms', 'purges']);
  const scans = async (): Promise<number> => {
    await vms.get(PrismaClient).$executeRaw`SELECT pg_stat_force_next_flush()`;
    const [row] = await vms.get(PrismaClient).$queryRaw<{ scans: number }[]>`
      SELECT (seq_scan + coalesce(idx_scan, 0))::int AS scans FROM pg_stat_user_tables
      WHERE relname = 'vms' AND schemaname = current_schema()`;
    return row?.scans ?? 0;
  };
  const after = async (count: number): Promise<void> => {
    const until = (await looks()) + count;
    await pollUntil(async () => (await looks()) >= until, { timeoutMs: 120_000, what: `${count} looks` });
  };

  it('reads the table once per look of each worker and claims nothing, and sleeps in between', async () => {
    // What is looked at once after the start is over by then.
    await after(3);
    const [before, looked] = [await scans(), await looksAtVms()];
    await after(LOOKS);
    const read = (await scans()) - before;
    // A look is counted when it ends, and reads before; of each worker one may be under way.
    expect(read).toBeGreaterThanOrEqual(LOOKS - 1);
    expect(read).toBeLessThanOrEqual((await looksAtVms()) - looked + 2);
    const [row] = await vms.get(PrismaClient).$queryRaw<{ updates: number }[]>`
      SELECT n_tup_upd::int AS updates FROM pg_stat_user_tables WHERE relname = 'vms' AND schemaname = current_schema()`;
    expect(row?.updates).toBe(0);
  });
});
