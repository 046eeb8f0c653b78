import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { pollUntil } from '@infinibay/testing';
import { dueRows, type DueSource } from './due-rows.js';
import { Worker } from './worker.js';
import type { SlotLimits } from './work-slots.js';

interface Job {
  readonly id: string;
  readonly hostId: string;
}

/** Rows in memory in place of a table: what is taken is due no more. */
class Jobs implements DueSource<Job> {
  due: Job[] = [];
  readonly claims: { limit: number; busyHosts: readonly string[] }[] = [];

  nextDueInMs(): Promise<number | null> {
    return Promise.resolve(this.due.length > 0 ? 0 : null);
  }

  claim(limit: number, busyHosts: readonly string[]): Promise<Job[]> {
    this.claims.push({ limit, busyHosts });
    const taken = this.due.filter(({ hostId }) => !busyHosts.includes(hostId)).slice(0, limit);
    this.due = this.due.filter((job) => !taken.includes(job));
    return Promise.resolve(taken);
  }
}

/** Works on jobs until they are told to end. */
class JobWorker extends Worker {
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  readonly hanging = new Map<string, PromiseWithResolvers<undefined>>();
  readonly log: string[];

  constructor(
    urgent: Jobs,
    ordinary: Jobs,
    { limits, again = false }: { limits?: SlotLimits; again?: boolean } = {},
    readonly metrics = new MetricsRegistry('test'),
  ) {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createLogger({ service: 'test', level: 'warn', format: 'json', destination });
    const work = async ({ id, hostId }: Job): Promise<void> => {
      this.begun.push(id);
      await this.hanging.get(hostId)?.promise;
      if (id.startsWith('bad')) throw new Error('broken');
      this.ended.push(id);
    };
    super(
      'jobs',
      [
        dueRows({ name: 'urgent', source: urgent, work, failure: 'urgent work failed' }),
        dueRows({ name: 'ordinary', source: ordinary, work, failure: 'work failed', isSoonDueAgain: again }),
      ],
      logger,
      metrics,
      limits,
    );
    this.log = lines;
  }

  /** Values of a metric by its labels. */
  async counted(metric: string, name = metric): Promise<[labels: string, value: number][]> {
    const values: readonly { metricName?: string; labels: Record<string, unknown>; value: number }[] =
      (await this.metrics.registry.getSingleMetric(metric)?.get())?.values ?? [];
    return values
      .filter(({ metricName }) => (metricName ?? metric) === name)
      .map(({ labels, value }) => [[labels['work'], labels['outcome']].join(' '), value]);
  }

  hang(hostId: string): void {
    this.hanging.set(hostId, Promise.withResolvers<undefined>());
  }

  release(hostId: string): void {
    this.hanging.get(hostId)?.resolve(undefined);
    this.hanging.delete(hostId);
  }
}

const jobs = (hostId: string, count: number): Job[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${hostId}-${String(index)}`, hostId }));

const working = async (
  set: (urgent: Jobs, ordinary: Jobs) => JobWorker,
  check: (worker: JobWorker, urgent: Jobs, ordinary: Jobs) => Promise<void>,
): Promise<void> => {
  const [urgent, ordinary] = [new Jobs(), new Jobs()];
  const worker = set(urgent, ordinary);
  worker.onApplicationBootstrap();
  try {
    await check(worker, urgent, ordinary);
  } finally {
    for (const host of [...worker.hanging.keys()]) worker.release(host);
    await worker.beforeApplicationShutdown();
  }
};

const LIMITS = { atOnce: 8, perHost: 4 };

describe(Worker.name, () => {
  it('works on what is due, the kind that is named first before the others', () =>
    working(
      (urgent, ordinary) => {
        urgent.due = jobs('a', 2);
        ordinary.due = jobs('b', 2);
        return new JobWorker(urgent, ordinary);
      },
      async (worker) => {
        await pollUntil(() => worker.ended.length === 4, { what: 'all work' });
        expect(worker.begun).toEqual(['a-0', 'a-1', 'b-0', 'b-1']);
      },
    ));

  it('gives a host that hangs less than twice its places, and works on for the others', () =>
    working(
      (urgent, ordinary) => {
        ordinary.due = jobs('stuck', 50);
        const worker = new JobWorker(urgent, ordinary, { limits: LIMITS });
        worker.hang('stuck');
        return worker;
      },
      async (worker, _urgent, ordinary) => {
        await pollUntil(() => worker.begun.length >= LIMITS.perHost, { what: 'the host to be full' });
        ordinary.due = [...ordinary.due, ...jobs('free', 30)];
        worker.wake();
        await pollUntil(() => worker.ended.length === 30, { what: 'work of the other host' });
        expect(worker.begun.filter((id) => id.startsWith('stuck')).length).toBeLessThan(2 * LIMITS.perHost);
      },
    ));

  it('never takes more than it has places for, and takes the rest when there are some again', () =>
    working(
      (urgent, ordinary) => {
        ordinary.due = ['a', 'b', 'c', 'd'].flatMap((host) => jobs(host, 10));
        const worker = new JobWorker(urgent, ordinary, { limits: LIMITS });
        for (const host of ['a', 'b', 'c', 'd']) worker.hang(host);
        return worker;
      },
      async (worker, _urgent, ordinary) => {
        await pollUntil(() => worker.begun.length === LIMITS.atOnce, { what: 'all places taken' });
        expect(ordinary.claims.every(({ limit }) => limit > 0 && limit <= LIMITS.perHost)).toBe(true);
        for (const host of ['a', 'b', 'c', 'd']) worker.release(host);
        await pollUntil(() => worker.ended.length === 40, { what: 'everything' });
      },
    ));

  it('tells of work that failed, with its row, and goes on', () =>
    working(
      (urgent, ordinary) => {
        ordinary.due = [{ id: 'bad', hostId: 'a' }, ...jobs('a', 3)];
        return new JobWorker(urgent, ordinary);
      },
      async (worker) => {
        await pollUntil(() => worker.ended.length === 3 && worker.log.length > 0, { what: 'the rest and the line' });
        expect(JSON.parse(worker.log[0] ?? '')).toMatchObject({
          msg: 'work failed',
          work: 'ordinary',
          id: 'bad',
          hostId: 'a',
          err: { message: 'broken' },
        });
        await pollUntil(async () => (await worker.counted('infinibay_work_running')).every(([, value]) => value === 0));
        const durations = await worker.counted('infinibay_work_seconds', 'infinibay_work_seconds_count');
        expect(Object.fromEntries(durations)).toEqual({ 'ordinary failed': 1, 'ordinary ok': 3 });
      },
    ));

  it.each([true, false])('looks at once after work that is often due again soon, and else does not: %s', (again) =>
    working(
      (urgent, ordinary) => {
        ordinary.due = jobs('a', 1);
        return new JobWorker(urgent, ordinary, { again });
      },
      async (worker) => {
        let wakes = 0;
        const wake = worker.wake.bind(worker);
        worker.wake = () => {
          wakes += 1;
          wake();
        };
        await pollUntil(() => worker.ended.length === 1, { what: 'the work' });
        await worker.beforeApplicationShutdown();
        expect(wakes).toBe(again ? 1 : 0);
      },
    ),
  );

  it('takes nothing more when it stops, and waits for what it took', () =>
    working(
      (urgent, ordinary) => {
        ordinary.due = jobs('a', 1);
        const worker = new JobWorker(urgent, ordinary);
        worker.hang('a');
        return worker;
      },
      async (worker, _urgent, ordinary) => {
        await pollUntil(() => worker.begun.length === 1, { what: 'the work to begin' });
        const stopped = worker.beforeApplicationShutdown();
        ordinary.due = jobs('b', 1);
        worker.wake();
        worker.release('a');
        await stopped;
        expect(worker.ended).toEqual(['a-0']);
        expect(worker.begun).toEqual(['a-0']);
      },
    ));
});
