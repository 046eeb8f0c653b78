import { monitorEventLoopDelay } from 'node:perf_hooks';

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
const MEMORY_KIB = 32_768;

/** B6: how long the event loop stands still at most while guests are created. They run (paused) afterwards. */
export async function eventLoopDelay(guests: readonly Domain[]): Promise<Figure> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await Promise.all(guests.slice(0, GUESTS).map((guest) => guest.create({ paused: true, timeoutMs: 120_000 })));
  delay.disable();
  for (const guest of guests.slice(0, GUESTS))
    if ((await guest.state()).state !== 'paused') throw new WrongAnswer(`${guest.name ?? guest.uuid} does not run`);
  return boundedFigure('B6', delay.max / 1e6, 'ms', '<= 10');
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
