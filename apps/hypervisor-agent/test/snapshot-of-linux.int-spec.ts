import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createSnapshot, forceOffVm, revertToSnapshot } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { complete } from './complete.ts';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;

suite('a snapshot of a guest with an operating system', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start({ linux: true, hasConsole: true });
  }, 300_000);
  afterAll(() => sut.stop(), 120_000);

  it('brings it back running from where it was, and it does not boot anew', async () => {
    const vmId = await sut.startVm({ memoryMib: 192 });
    await sut.speaks(vmId);
    const request = { vmId, fence: 1, snapshotId: randomUUID(), withMemory: true, volumeIds: [] };
    await complete(() => sut.agent.call(createSnapshot, request));
    await sut.speaks(vmId);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    const before = readFileSync(path.join(sut.state.libvirtDir, 'consoles', `${vmId}.log`), 'latin1');
    expect(before).toMatch(/guest up after/);
    const revert = { ...request, operationId: randomUUID() };
    await complete(() => sut.agent.call(revertToSnapshot, revert));
    await sut.speaks(vmId);
    expect(sut.console(vmId)).not.toMatch(/guest up after[\s\S]*guest up after/);
  }, 400_000);
});
