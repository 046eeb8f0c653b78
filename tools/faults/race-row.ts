import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';

import { GraphError } from '../demo/graph-client.ts';
import { overNow, SERVICE_BOUND_MS, type Row } from './row.ts';
import type { Scene, VmMutation } from './scene.ts';

/** So many VMs race at a time. */
const AT_ONCE = 5;
const RIVALS = ['startVm', 'forceOffVm', 'suspendVm', 'resetVm'] as const satisfies readonly VmMutation[];

interface Schedule {
  /** After the creation was accepted, in milliseconds. */
  readonly deleteAfterMs: number;
  readonly rivals: readonly { readonly mutation: (typeof RIVALS)[number]; readonly afterMs: number }[];
}

const moment = fc.integer({ min: 0, max: 1_500 });
const scheduleOf: fc.Arbitrary<Schedule> = fc.record({
  deleteAfterMs: moment,
  rivals: fc.array(fc.record({ mutation: fc.constantFrom(...RIVALS), afterMs: moment }), { maxLength: 3 }),
});

/** What is refused because of what the VM is just then is an answer. */
const tried = async (asked: Promise<void>): Promise<void> => {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof GraphError) || !['VM_BUSY', 'VM_NOT_FOUND'].includes(error.code)) throw error;
  }
};

const race = async (scene: Scene, { deleteAfterMs, rivals }: Schedule): Promise<void> => {
  const vmId = await scene.create();
  await Promise.all([
    ...rivals.map(async ({ mutation, afterMs }) => {
      await delay(afterMs);
      // However it ends, the deletion has the last word.
      await tried(scene.act(mutation, vmId, scene.endings.get(vmId) ?? 'GONE'));
    }),
    delay(deleteAfterMs).then(() => scene.act('deleteVm', vmId, 'GONE')),
  ]);
  scene.endings.set(vmId, 'GONE');
};

/** @param seed of the schedules: the same one repeats them */
export const raceRow = (count: number, seed: number, quick: boolean): Row => ({
  name: `deletion races creation, start and others: ${String(count)} schedules`,
  quick,
  boundMs: () => SERVICE_BOUND_MS,
  run: async (scene) => {
    const schedules = fc.sample(scheduleOf, { numRuns: count, seed });
    for (let from = 0; from < count; from += AT_ONCE)
      await Promise.all(schedules.slice(from, from + AT_ONCE).map((schedule) => race(scene, schedule)));
    return overNow();
  },
});
