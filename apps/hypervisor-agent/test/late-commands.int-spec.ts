// Commands whose deadline passes while libvirtd is stopped. Beside the sources, since it needs the stack's tools.
import { randomUUID } from 'node:crypto';
import {
  defineVm,
  ensureDisk,
  forceOffVm,
  inspectVm,
  removeDisk,
  startVm,
  undefineVm,
  type RequestContract,
  type RequestInputOf,
} from '@infinibay/contracts';
import { patience } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu, vmSpec } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
/**
 * Time enough for a command to begin: only what has begun can be late. Less than libvirt's keep-alive of 15 s, after
 * which a daemon that stands still counts as gone.
 */
const PATIENCE_MS = Math.min(patience(1_000), 8_000);

suite('a command whose deadline passes while libvirtd stands still', () => {
  let sut: QemuAgent;
  const vm = { running: '', off: '', toForget: '', withDisk: '', defined: randomUUID() };

  const late = <C extends RequestContract>(contract: C, data: RequestInputOf<C>): Promise<string> =>
    sut.agent.refusal(contract, data, PATIENCE_MS);
  const inspect = (vmId: string) => sut.agent.call(inspectVm, { vmId });
  const powerOf = async (vmId: string) => (await inspect(vmId)).domain?.power;

  beforeAll(async () => {
    sut = await QemuAgent.start();
    vm.running = await sut.startVm();
    vm.off = await sut.defineVm();
    vm.toForget = await sut.defineVm();
    vm.withDisk = await sut.defineVm();
  }, 60_000);
  afterAll(() => sut.stop(), 60_000);

  it('changes nothing when libvirtd goes on', async () => {
    sut.signalDaemon('SIGSTOP');
    const answers = await Promise.all([
      late(forceOffVm, { vmId: vm.running, fence: 2 }),
      late(startVm, { vmId: vm.off, fence: 2 }),
      late(undefineVm, { vmId: vm.toForget, fence: 2 }),
      late(removeDisk, { vmId: vm.withDisk, fence: 2 }),
      late(defineVm, { fence: 2, spec: vmSpec(vm.defined) }),
    ]).finally(() => sut.signalDaemon('SIGCONT'));
    expect(answers).toEqual(Array(5).fill('DEADLINE_EXCEEDED'));
    // Refused in its turn, when what came before has ended.
    for (const vmId of Object.values(vm))
      expect(await sut.agent.refusal(startVm, { vmId, fence: 1 })).toBe('STALE_FENCE');

    expect(await powerOf(vm.running)).toBe('running');
    expect(await powerOf(vm.off)).toBe('off');
    expect(await powerOf(vm.toForget)).toBe('off');
    expect((await inspect(vm.withDisk)).disk).not.toBeNull();
    expect(await inspect(vm.defined)).toEqual({ domain: null, disk: null });
  }, 60_000);

  it('makes a disk all the same: that needs no libvirtd', async () => {
    const vmId = randomUUID();
    sut.signalDaemon('SIGSTOP');
    const made = sut.agent.call(ensureDisk, { vmId, fence: 1, imageId: sut.imageId, capacityBytes: 8_388_608 });
    expect(await made.finally(() => sut.signalDaemon('SIGCONT'))).toEqual({ created: true });
  }, 60_000);
});
