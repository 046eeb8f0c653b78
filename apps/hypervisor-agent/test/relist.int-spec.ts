// What happens on a host while its libvirtd is dead. Beside the sources, since it needs the stack's tools.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import {
  getHostDetails,
  hostLibvirtConnected,
  hostLibvirtDisconnected,
  hostVmDifferenceFound,
  hostVmLifecycleChanged,
  hostVmsRelisted,
  listHostVms,
} from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;

suite('a host whose libvirtd is killed while its VMs change', () => {
  let sut: QemuAgent;
  const vm = { killed: '', kept: '', forgotten: '', appeared: randomUUID() };

  beforeAll(async () => {
    sut = await QemuAgent.start();
    vm.killed = await sut.startVm();
    vm.kept = await sut.startVm();
    vm.forgotten = await sut.defineVm();
  }, 60_000);
  afterAll(() => sut.stop(), 60_000);

  const kvmCheckedAt = async (): Promise<string> => (await sut.agent.call(getHostDetails, {})).details.kvm.checkedAt;

  it('tells after the return what differs, and only that', async () => {
    const { events } = sut.agent;
    await events.find(hostVmLifecycleChanged, { vmId: vm.forgotten, event: 'defined' });
    const before = (await events.all()).length;
    const checkedBefore = await kvmCheckedAt();
    // Stopped first: it must have no chance to tell of what happens now.
    sut.signalDaemon('SIGSTOP');
    sut.signalVm(vm.killed, 'SIGKILL');
    const definition = readFileSync(sut.definitionOf(vm.forgotten), 'utf8');
    rmSync(sut.definitionOf(vm.forgotten));
    writeFileSync(sut.definitionOf(vm.appeared), definition.replaceAll(vm.forgotten, vm.appeared));
    sut.signalDaemon('SIGKILL');

    await pollUntil(async () => (await events.of(hostVmsRelisted)).length === 2, {
      timeoutMs: 30_000,
      what: 'the second list',
    });
    const told = (await events.all()).slice(before);
    expect(told.map(({ name }) => name)).toEqual([
      hostLibvirtDisconnected.name,
      hostLibvirtConnected.name,
      ...Array<string>(3).fill(hostVmDifferenceFound.name),
      hostVmsRelisted.name,
    ]);
    expect(told.at(-1)?.data).toMatchObject({ vms: 3, differences: 3 });
    const found = (await events.of(hostVmDifferenceFound)).slice(-3);
    expect(new Map(found.map(({ vmId, difference, before: was, after }) => [vmId, [difference, was, after]]))).toEqual(
      new Map([
        [vm.killed, ['changed', 'running', 'off']],
        [vm.forgotten, ['vanished', 'off', null]],
        [vm.appeared, ['appeared', null, 'off']],
      ]),
    );
    const { vms } = await sut.agent.call(listHostVms, {});
    expect(vms.find(({ vmId }) => vmId === vm.kept)?.power).toBe('running');
    await pollUntil(async () => (await kvmCheckedAt()) > checkedBefore, { what: 'KVM to be looked at anew' });
  }, 60_000);

  it('goes on telling what libvirt tells, in the same count', async () => {
    const { events } = sut.agent;
    sut.signalVm(vm.kept, 'SIGKILL');
    await events.find(hostVmLifecycleChanged, { vmId: vm.kept, event: 'stopped' });
    const sequences = (await events.all()).map(({ data }) => data.sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });
});
