import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { pollUntil } from '@infinibay/testing';
import { Dispatcher, type DueWork } from './dispatcher.js';

const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });

/** Rows in memory in place of a table; counts what a database would be asked. */
class Rows implements DueWork {
  readonly name = 'rows';
  readonly done: string[] = [];
  due: string[] = [];
  looks = 0;
  takes = 0;
  failures = 0;
  room = Number.POSITIVE_INFINITY;

  nextDueInMs(): Promise<number | null> {
    this.looks += 1;
    if (this.failures-- > 0) return Promise.reject(new Error('away'));
    return Promise.resolve(this.due.length > 0 ? 0 : null);
  }

  take(): Promise<number> {
    this.takes += 1;
    const taken = this.due.splice(0, this.room);
    this.done.push(...taken);
    return Promise.resolve(taken.length);
  }
}

const dispatching = async (rows: Rows, work: (dispatcher: Dispatcher) => Promise<void>): Promise<void> => {
  const dispatcher = new Dispatcher(rows, logger, new MetricsRegistry('test'));
  dispatcher.start();
  try {
    await work(dispatcher);
  } finally {
    await dispatcher.stop();
  }
};

describe(Dispatcher.name, () => {
  it('asks and takes nothing while nothing is due', async () => {
    const rows = new Rows();
    await dispatching(rows, async () => {
      await pollUntil(() => rows.looks >= 3, { what: 'three looks' });
    });
    expect(rows.takes).toBe(0);
  });

  it('takes what became due with the look that a wake-up brings', async () => {
    const rows = new Rows();
    await dispatching(rows, async (dispatcher) => {
      await pollUntil(() => rows.looks === 1);
      rows.due = ['a', 'b'];
      dispatcher.wake();
      await pollUntil(() => rows.done.length === 2);
      expect(rows.takes).toBe(1);
    });
  });

  it('does not lose a wake-up that comes while it looks', async () => {
    const rows = new Rows();
    const look = rows.nextDueInMs.bind(rows);
    const held = Promise.withResolvers<undefined>();
    let first = true;
    rows.nextDueInMs = async () => {
      const answer = await look();
      if (first) await held.promise;
      first = false;
      return answer;
    };
    await dispatching(rows, async (dispatcher) => {
      await pollUntil(() => rows.looks === 1);
      rows.due = ['a'];
      dispatcher.wake();
      held.resolve(undefined);
      await pollUntil(() => rows.done.length === 1);
      // The very next look found it: none was slept through.
      expect(rows.done).toEqual(['a']);
    });
  });

  it('goes on after failures, and does not spin when there is no room', async () => {
    const rows = new Rows();
    rows.failures = 1;
    rows.room = 0;
    rows.due = ['a'];
    await dispatching(rows, async (dispatcher) => {
      await pollUntil(() => rows.takes >= 1);
      const { looks } = rows;
      rows.room = 1;
      dispatcher.wake();
      await pollUntil(() => rows.done.length === 1);
      expect(rows.takes).toBeLessThanOrEqual(looks + 1);
    });
  });
});
