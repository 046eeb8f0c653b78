import { execFile } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';

import type { Connection, Domain } from '../../native/libvirt-napi/src/index.ts';
import {
  boundedFigure,
  median,
  plainFigure,
  quantile,
  ratioFigure,
  WrongAnswer,
  type Figure,
} from '../report/figure.ts';
import type { BenchHost } from './fleet.ts';
import { latenciesOf } from './timing.ts';

const GUESTS = 20;
const HUNG = 10;
const ROUNDS = 5;
const CALLS = 10_000;
const DELAY_ROUNDS = 3;
const VIRSHS = 4;
const MEMORY_KIB = 32_768;

/**
 * B6: how long the event loop stands still at most while guests are created, the middle of some rounds. `B6.idle` is the
 * same while virsh creates them and this process does nothing: what the machine's other work takes from any process.
 * `B6.own` is the longest that the loop's thread itself computed without a pause meanwhile. The guests run (paused)
 * afterwards.
 */
export async function eventLoopDelay(host: BenchHost, guests: readonly Domain[]): Promise<readonly Figure[]> {
  const created = guests.slice(0, GUESTS);
  const [ours, idle]: [Standstill[], Standstill[]] = [[], []];
  for (let round = 0; round < DELAY_ROUNDS; round += 1) {
    idle.push(await longestStandstill(() => createByVirsh(host, created)));
    await Promise.all(created.map((guest) => guest.destroy()));
    ours.push(await longestStandstill(() => createAll(created)));
    for (const guest of created)
      if ((await guest.state()).state !== 'paused') throw new WrongAnswer(`${guest.name ?? guest.uuid} does not run`);
    if (round + 1 < DELAY_ROUNDS) await Promise.all(created.map((guest) => guest.destroy()));
  }
  const middle = (all: readonly Standstill[], part: keyof Standstill): number => median(all.map((each) => each[part]));
  return [
    boundedFigure('B6', middle(ours, 'delayMs'), 'ms', '<= 10'),
    plainFigure('B6.idle', middle(idle, 'delayMs'), 'ms'),
    plainFigure('B6.own', middle(ours, 'ownMs'), 'ms CPU'),
  ];
}

interface Standstill {
  /** From when the loop wanted to run until it did, at most. */
  readonly delayMs: number;
  /** CPU time of the loop's thread between two looks of a timer, at most: one turn, or a little more. */
  readonly ownMs: number;
}

async function longestStandstill(work: () => Promise<unknown>): Promise<Standstill> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let longest = 0;
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const now = process.threadCpuUsage();
    longest = Math.max(longest, now.user + now.system - before.user - before.system);
    before = now;
  }, 1);
  delay.enable();
  await work();
  delay.disable();
  clearInterval(timer);
  return { delayMs: delay.max / 1e6, ownMs: longest / 1e3 };
}

function createAll(guests: readonly Domain[]): Promise<unknown> {
  return Promise.all(guests.map((guest) => guest.create({ paused: true, timeoutMs: 120_000 })));
}

/** As many virsh at once as the binding has workers. */
async function createByVirsh(host: BenchHost, guests: readonly Domain[]): Promise<void> {
  const virsh = promisify(execFile);
  const batches = Array.from({ length: VIRSHS }, (_, first) => guests.filter((_guest, i) => i % VIRSHS === first));
  const start = (guest: Domain): string => `start --paused ${guest.uuid}`;
  await Promise.all(batches.map((batch) => virsh('virsh', ['-q', '-c', host.uri, batch.map(start).join('; ')])));
}

/** B7: calls on healthy guests while others don't answer, against the same calls when all do. */
export async function besideHungGuests(
  host: BenchHost,
  connection: Connection,
  guests: readonly Domain[],
): Promise<readonly Figure[]> {
  const hung = guests.slice(0, HUNG);
  const healthy = guests.slice(HUNG, GUESTS);
  const p99 = async (): Promise<number> => {
    const latencies = await latenciesOf(CALLS, 16, async (index) => {
      const kib = (await healthy[index % healthy.length]?.info())?.maxMemoryKib;
      if (kib !== MEMORY_KIB) throw new WrongAnswer(`a guest of ${MEMORY_KIB} KiB has ${String(kib)}`);
      return kib;
    });
    return quantile(latencies, 0.99);
  };
  let quarantined = 0;
  connection.on('domainQuarantined', () => (quarantined += 1));
  const [alone, beside]: [number[], number[]] = [[], []];
  await p99();
  for (let round = 0; round < ROUNDS; round += 1) {
    alone.push(await p99());
    for (const guest of hung) host.signalGuest(guest, 'SIGSTOP');
    const stuck = hung.flatMap((guest) => Array.from({ length: 10 }, () => guest.reset({ timeoutMs: 3_000 })));
    const ended = Promise.allSettled(stuck);
    beside.push(await p99());
    const outcomes = await ended;
    for (const guest of hung) host.signalGuest(guest, 'SIGCONT');
    const wrong = outcomes.find((o) => o.status !== 'rejected' || (o.reason as { code?: string }).code !== 'TIMEOUT');
    if (wrong !== undefined) throw new WrongAnswer(`a call on a hung guest ended otherwise: ${JSON.stringify(wrong)}`);
    await Promise.all(hung.map((guest) => untilItAnswers(guest)));
  }
  return [
    ratioFigure('B7', {
      value: median(beside),
      unit: 'ms p99',
      reference: 'none hung',
      referenceValue: median(alone),
      goal: '<= 2',
    }),
    plainFigure('B7.quarantined', quarantined, 'times'),
  ];
}

async function untilItAnswers(guest: Domain): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      return await guest.reset({ timeoutMs: 2_000 });
    } catch (error) {
      if (performance.now() > end) throw new WrongAnswer(`${guest.name ?? guest.uuid} stays hung`, { cause: error });
    }
  }
}
