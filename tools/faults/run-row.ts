import { setTimeout as delay } from 'node:timers/promises';
import { patience } from '@infinibay/testing';

import { CLEAN_BOUND_MS, type Row } from './row.ts';
import type { Scene } from './scene.ts';
import { differencesOf, type Difference, type Snapshot } from './snapshot.ts';

const LOOK_EVERY_MS = 200;
/** After this long what is not as it must be is told, and the row is broken. */
const GIVE_UP_MS = patience(120_000);
/** What is as it must be has to be so still. */
const LOOK_ONCE_MORE_MS = 1_000;

export interface Outcome {
  readonly row: string;
  readonly boundMs: number;
  /** From the fault until VMs and operations were as they shall; null: they never were. */
  readonly convergedMs: number | null;
  /** Until every set was; null: never. */
  readonly cleanMs: number | null;
  /** Promises that were broken, in words; empty when all were kept. */
  readonly broken: readonly string[];
}

interface Watched {
  readonly convergedMs: number | null;
  readonly cleanMs: number | null;
  readonly differences: readonly Difference[];
}

/** What can't be read just now (the database is away) is no difference yet. */
const lookIfPossible = async (scene: Scene): Promise<Snapshot | Error> => {
  try {
    return await scene.look.take();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

const differencesNow = async (scene: Scene): Promise<Difference[]> => {
  const snapshot = await lookIfPossible(scene);
  return snapshot instanceof Error
    ? [{ promise: 'converged', text: `nothing could be read: ${snapshot.message}` }]
    : differencesOf(snapshot, scene.expected);
};

/** Looks until every promise is kept, and once more; each time is that of the look from which on it was so. */
const watch = async (scene: Scene, since: number): Promise<Watched> => {
  let convergedMs: number | null = null;
  for (;;) {
    const elapsed = performance.now() - since;
    const differences = await differencesNow(scene);
    if (differences.some(({ promise }) => promise === 'converged')) convergedMs = null;
    else convergedMs ??= performance.now() - since;
    if (differences.length === 0) {
      const cleanMs = performance.now() - since;
      await delay(LOOK_ONCE_MORE_MS);
      if ((await differencesNow(scene)).length === 0) return { convergedMs, cleanMs, differences };
    } else if (elapsed > GIVE_UP_MS) return { convergedMs, cleanMs: null, differences };
    await delay(LOOK_EVERY_MS);
  }
};

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Everything is as it must be before a fault, so that what is found after it is its own. @throws Error */
const begin = async (scene: Scene): Promise<void> => {
  const { isKnownClean } = scene;
  scene.isKnownClean = false;
  await scene.isReady();
  const isTidied = await scene.tidy();
  // The end of the row before was looked at twice: a whole run would spend a fifth of its time on looking again.
  if (isKnownClean && !isTidied) return;
  const { differences } = await watch(scene, performance.now());
  if (differences.length > 0)
    throw new Error(`not as it must be before the fault: ${differences.map(({ text }) => text).join('; ')}`);
};

/** @throws Error when the scene can't be used: an earlier row has left something that does not pass */
export const runRow = async (scene: Scene, row: Row): Promise<Outcome> => {
  await begin(scene);
  const { overAt, guests } = await row.run(scene);
  // libvirtd makes the filter of each guest that it takes up, and of each that it starts.
  const running = [...scene.endings.values()].filter((ending) => ending === 'RUNNING').length;
  const boundMs = row.boundMs(Math.max(guests, running));
  const { convergedMs, cleanMs, differences } = await watch(scene, overAt);
  scene.isKnownClean = cleanMs !== null;
  const late = [
    ...(convergedMs !== null && convergedMs > boundMs
      ? [`converged after ${seconds(convergedMs)}, promised ${seconds(boundMs)}`]
      : []),
    ...(cleanMs !== null && cleanMs > CLEAN_BOUND_MS ? [`clean after ${seconds(cleanMs)}`] : []),
  ];
  return { row: row.name, boundMs, convergedMs, cleanMs, broken: [...differences.map(({ text }) => text), ...late] };
};
