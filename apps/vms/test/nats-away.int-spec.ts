// Accepting while NATS is away. Beside the sources, since it needs the stack's tools.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNats, type RunningNats } from '../../../tools/stack/nats.ts';
import { startTestNats, temporaryState, testNatsUser } from '../../../tools/stack/test-infrastructure.ts';
import { VmBench } from '../src/testing/vm-bench.ts';

describe('vms without NATS', () => {
  const state = temporaryState();
  let nats: RunningNats;
  let bench: VmBench;

  beforeAll(async () => {
    nats = await startTestNats(state);
    bench = await VmBench.start({}, { url: nats.url, user: testNatsUser.user, password: testNatsUser.password });
  }, 120_000);
  afterAll(async () => {
    await bench.stop();
    await nats.child.stop('SIGTERM');
    state.remove();
  }, 120_000);

  it('accepts what users want, answers what it knows, and does it when NATS is back', async () => {
    const [stopping, deleting] = [await bench.running(), await bench.running()];
    await nats.child.stop('SIGKILL');
    const input = bench.input({ networkId: randomUUID() });
    const fresh = await bench.created(input);
    expect(await bench.created(input)).toBe(fresh);
    for (const [name, id] of [
      ['forceOffVm', stopping],
      ['startVm', stopping],
      ['deleteVm', deleting],
    ] as const) {
      const code = (await bench.act(name, id)).errors?.[0]?.extensions.code;
      // What is under way decides, as it does with NATS: a VM that is being switched off is busy.
      expect([name, code]).toEqual([name, name === 'startVm' ? 'VM_BUSY' : undefined]);
    }
    expect(await bench.view(fresh)).toMatchObject({ state: 'BUILDING', operations: [{ kind: 'CREATE_VM' }] });
    nats = await startNats({
      dataDir: state.natsDir,
      runDir: state.runDir,
      logFile: path.join(state.logDir, 'nats.log'),
      users: [testNatsUser],
      port: nats.port,
      monitorPort: nats.monitorPort,
    });
    await bench.reaches(fresh, 'RUNNING');
    await bench.reaches(stopping, 'STOPPED');
    await bench.isGone(deleting);
    expect(bench.neighbours.vm(fresh).disksMade).toBe(1);
    await pollUntil(() => !bench.neighbours.leftovers().includes(deleting) || null, {
      timeoutMs: 60_000,
      what: 'nothing left of the deleted VM',
    });
  }, 240_000);
});
