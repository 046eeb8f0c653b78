import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';

const MUTATIONS = ['startVm', 'shutdownVm', 'rebootVm', 'resetVm', 'suspendVm', 'resumeVm', 'forceOffVm'] as const;
/** What the power of a VM is that shows this. */
const POWER: Readonly<Record<string, string>> = { RUNNING: 'running', PAUSED: 'paused', STOPPED: 'off' };

/** People who ask for everything at once. Which of them comes last is not known; that all is well afterwards is. */
describe('requests that race', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '5' });
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const openOf = (id: string) => database().operation.findMany({ where: { resourceId: id, finishedAt: null } });
  /** Guests here hear their power button, and go off or restart for it. */
  const hear = (id: string): void => {
    const guest = bench.neighbours.vm(id);
    guest.hasRestarted = true;
    if (guest.power === 'shutting-down') bench.neighbours.powerChange(id, 'off', 'shutdown');
  };

  it('leave the VM as it shows, with every request answered and nothing done twice; deleted, nothing is left', async () => {
    const burst = fc.array(fc.constantFrom(...MUTATIONS), { minLength: 2, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 3 }), async (bursts) => {
        const id = await bench.running();
        for (const mutations of bursts) {
          const answers = await Promise.all(mutations.map((mutation) => bench.act(mutation, id)));
          const codes = answers.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code);
          expect(codes.filter((code) => code !== 'VM_BUSY')).toEqual([]);
          hear(id);
        }
        await pollUntil(
          async () => {
            hear(id);
            bench.report();
            const vm = await database().vm.findUniqueOrThrow({ where: { id } });
            return (await openOf(id)).length === 0 && POWER[vm.state] === bench.neighbours.vm(id).power;
          },
          { what: 'the VM to come to rest', timeoutMs: 90_000 },
        );
        const { resets, restartsAskedFor, disksMade } = bench.neighbours.vm(id);
        expect(new Set(resets).size).toBe(resets.length);
        expect(new Set(restartsAskedFor).size).toBe(restartsAskedFor.length);
        expect(disksMade).toBe(1);
        await Promise.all([bench.act('deleteVm', id), bench.act('suspendVm', id), bench.act('resetVm', id)]);
        await bench.isGone(id);
        await pollUntil(() => !bench.neighbours.leftovers().includes(id), { what: 'nothing to be left' });
        expect(await openOf(id)).toEqual([]);
      }),
      { numRuns: 6 },
    );
  }, 400_000);
});
