import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { RunningSystem } from '../../tools/e2e/running-system.ts';
import { SERVICES } from '../../tools/stack/services.ts';
import { cleanUp } from '../cleanup.ts';
import { plainFigure, WrongAnswer, type Figure } from '../report/figure.ts';

const IDLE_MS = 30_000;

/** Starts the whole stack in a state folder of its own and weighs each service after half a minute of idleness. */
export async function measureServices(say: (line: string) => void): Promise<readonly Figure[]> {
  say('starting the whole stack');
  const system = await RunningSystem.start();
  const stop = cleanUp(async () => {
    await system.stop();
  });
  try {
    say(`all ready; idling for ${IDLE_MS / 1_000} s`);
    await delay(IDLE_MS);
    const measured = await Promise.all(SERVICES.map(({ name }) => measureService(system, name)));
    return measured.flat();
  } finally {
    await stop();
  }
}

async function measureService(system: RunningSystem, name: string): Promise<readonly Figure[]> {
  const rssMib = residentMib(await system.pidOf(name));
  return [
    plainFigure(`${name}.start`, startedInMs(name, system.log(name)), 'ms'),
    plainFigure(`${name}.idleRss`, rssMib, 'MiB'),
  ];
}

/** What the service itself says, from the beginning of its program to the open port. */
function startedInMs(name: string, log: string): number {
  const found = [...log.matchAll(/"startedInMs":(\d+)/g)];
  // A service that started twice has crashed: its figures would be those of another situation.
  if (found.length !== 1) throw new WrongAnswer(`${name} says ${found.length} times that it listens`);
  return Number(found[0]?.[1]);
}

/** Memory of a process that is in RAM, in MiB with one decimal. */
function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new WrongAnswer(`process ${pid} has no VmRSS`);
  return Math.round(Number(kib) / 102.4) / 10;
}
