import { DomainError, type ErrorCode } from '@infinibay/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { VmBench } from '../testing/vm-bench.js';

describe('volumes beside other sizes of their VM', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterEach(() => {
    bench.neighbours.volumes.refusal = null;
    bench.neighbours.disturb = () => undefined;
  });
  afterAll(() => bench.stop());

  const sizeOf = (vmId: string) => bench.neighbours.vm(vmId).sizes.definition?.vcpus;
  const resize = (vmId: string, vcpus: number) => bench.say('resizeVm', { vmId, vcpus, memoryMib: 128 });
  const resizeIs = (vmId: string, status: string) =>
    bench.until(vmId, `a resize that is ${status}`, ({ operations }) =>
      operations.some((operation) => operation.kind === 'RESIZE_VM' && operation.status === status),
    );
  const isAttached = (volumeId: string) =>
    bench.volumeUntil(volumeId, 'the attachment', ({ attachment }) => attachment === 'ATTACHED');

  it.each<[string, ErrorCode | null]>([
    ['SUCCEEDED', null],
    ['FAILED', 'UNSUPPORTED_BY_DRIVER'],
  ])('are attached after a resize that took the place of that, and is %s', async (status, code) => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    const failures = code === null ? [] : [new DomainError(code)];
    bench.neighbours.disturb = (name, of) => {
      const failure = name === 'resize-definition' && of === vmId ? failures.pop() : undefined;
      if (failure !== undefined) throw failure;
    };
    bench.neighbours.volumes.refusal = 'HYPERVISOR_ERROR';
    await bench.move('attachVolume', vmId, volumeId);
    expect((await resize(vmId, 2)).errors).toBeUndefined();
    await resizeIs(vmId, status);
    bench.neighbours.volumes.refusal = null;
    await isAttached(volumeId);
    expect(bench.neighbours.volumes.at(vmId, 'guest')).toEqual([`${volumeId}/vdb`]);
    expect(sizeOf(vmId)).toBe(2);
  });

  it('that a guest keeps hold up no resize', async () => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    await bench.attach(vmId, volumeId);
    bench.neighbours.volumes.isKept = true;
    await bench.move('detachVolume', vmId, volumeId);
    await resize(vmId, 2);
    await resizeIs(vmId, 'SUCCEEDED');
    expect(await bench.volumeView(volumeId)).toMatchObject({ attachment: 'DETACHING' });
    bench.neighbours.volumes.isKept = false;
    await bench.volumeUntil(volumeId, 'freedom', ({ attachment }) => attachment === null);
  });

  it('are in a definition that a start writes with room above its size', async () => {
    const [vmId, volumeId] = [await bench.running({ maxVcpus: 4 }), await bench.volume()];
    await bench.attach(vmId, volumeId);
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    expect(bench.neighbours.volumes.at(vmId, 'guest')).toEqual([`${volumeId}/vdb`]);
    expect(bench.neighbours.vm(vmId).sizes.live?.maxVcpus).toBe(4);
  });
});
