import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@infinibay/platform-config';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { configSchema } from '../config.js';
import { Deadline } from './deadline.js';
import { VmGate } from './vm-gate.js';

describe(VmGate.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ib-gate-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const sut = new VmGate(
    loadConfig(configSchema, {
      STATE_DIR: folder,
      HTTP_PORT: '0',
      AGENT_SOCKET_DIR: folder,
      SCREEN_SOCKET_DIR: folder,
      IMAGE_DIR: folder,
      DISK_DIR: folder,
      HOST_ID: randomUUID(),
      NATS_USER: 'nobody',
      NATS_PASSWORD: 'nothing',
    }),
  );
  // Only the clock stands still: files are read and written as ever.
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());
  const soon = (): number => Date.now() + 10_000;

  it('does not begin what has lost its caller in the queue, whichever way it came', async () => {
    const vmId = randomUUID();
    const held = Promise.withResolvers<string>();
    const first = sut.perform({ vmId, fence: 1 }, soon(), () => held.promise);
    const begun: string[] = [];
    // Time enough when they come; none is left when the first one ends.
    const until = Date.now() + 300;
    const late = [
      sut.perform({ vmId, fence: 2 }, until, async () => begun.push('fenced')),
      sut.unfenced(vmId, async () => begun.push('unfenced'), new Deadline(until)),
    ];
    const ends = Promise.allSettled(late);
    jest.advanceTimersByTime(301);
    held.resolve('first');
    expect(await first).toBe('first');
    expect(await ends).toEqual(
      Array(2).fill({ status: 'rejected', reason: expect.objectContaining({ code: 'DEADLINE_EXCEEDED' }) }),
    );
    expect(begun).toEqual([]);
    // Its fence is not remembered either.
    await expect(sut.perform({ vmId, fence: 1 }, soon(), async () => 'done')).resolves.toBe('done');
  });

  it('gives the work what is left of the time', async () => {
    const left = await sut.perform({ vmId: randomUUID(), fence: 1 }, soon(), async (deadline) => deadline.timeoutMs());
    expect(left).toBe(9_750);
  });
});
