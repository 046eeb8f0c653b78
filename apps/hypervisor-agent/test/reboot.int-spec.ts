// Restarts, resets and suspensions of real guests. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  hostVmLifecycleChanged,
  hostVmRebooted,
  inspectVm,
  rebootVm,
  resetVm,
  resumeVm,
  suspendVm,
} from '@infinibay/contracts';
import { domainName } from '@infinibay/libvirt-xml';
import { holdsFor, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 500 };

suite('a guest that hears its power button', () => {
  let sut: QemuAgent;
  let vmId: string;
  beforeAll(async () => {
    sut = await QemuAgent.start({ linux: true });
    vmId = await sut.startVm({ memoryMib: 192 });
    await speaks();
  }, 300_000);
  afterAll(() => sut.stop(), 120_000);

  const ask = (operationId: string) => sut.agent.call(rebootVm, { vmId, fence: 1, operationId });
  /** How often this agent has pressed the button. libvirt tells of each reset, and firmware may reset once more. */
  const presses = async (): Promise<number> => {
    const { body } = await sut.agent.http('/metrics');
    return Number(/^infinibay_libvirt_calls_total\{[^}]*call="reboot-domain"[^}]*\} (\d+)$/m.exec(body)?.[1] ?? 0);
  };
  const restarted = (operationId: string) =>
    pollUntil(async () => (await ask(operationId)).isRebooted, { ...PATIENCE, what: 'the guest to restart' });

  /** Then it has booted, and hears its button. */
  const speaks = (): Promise<void> => sut.speaks(vmId);

  it('restarts once for an operation that is sent again and again, and is never taken for off', async () => {
    const operationId = randomUUID();
    expect(await ask(operationId)).toEqual({ power: 'running', isRebooted: false });
    await restarted(operationId);
    await speaks();
    expect(await ask(operationId)).toEqual({ power: 'running', isRebooted: true });
    expect(await presses()).toBe(1);
    const told = (await sut.agent.events.of(hostVmLifecycleChanged)).filter((event) => event.vmId === vmId);
    expect(told.filter(({ event }) => ['shutdown', 'stopped', 'crashed'].includes(event))).toEqual([]);
    expect((await sut.agent.events.of(hostVmRebooted)).some((event) => event.vmId === vmId)).toBe(true);
    expect(sut.agent.powerChanges.filter(({ vm }) => vm.vmId === vmId && vm.power === 'off')).toEqual([]);
    expect((await sut.agent.call(inspectVm, { vmId })).domain).toMatchObject({ power: 'running' });
  }, 300_000);

  it('is not pressed again by an agent that was started anew after the restart', async () => {
    const operationId = randomUUID();
    await ask(operationId);
    await restarted(operationId);
    await speaks();
    await sut.restartAgent();
    expect(await ask(operationId)).toEqual({ power: 'running', isRebooted: true });
    expect(await presses()).toBe(0);
  }, 300_000);

  it('boots anew when it is reset, once for an operation', async () => {
    const request = { vmId, fence: 1, operationId: randomUUID() };
    const before = (await sut.agent.events.of(hostVmRebooted)).length;
    for (const _ of [1, 2]) expect(await sut.agent.call(resetVm, request)).toEqual({ power: 'running' });
    const heard = async () => (await sut.agent.events.of(hostVmRebooted)).length > before;
    await pollUntil(heard, { ...PATIENCE, what: 'the reset to be heard of' });
    // Who speaks now has booted since: the reset was done when it was answered.
    await speaks();
    expect(sut.agent.powerChanges.filter(({ vm }) => vm.vmId === vmId && vm.power === 'off')).toEqual([]);
  }, 300_000);

  it('is found restarted by an agent that was started anew before it', async () => {
    const operationId = randomUUID();
    await ask(operationId);
    await sut.restartAgent();
    await restarted(operationId);
    await speaks();
    const { isRebooted } = await ask(operationId);
    expect(isRebooted).toBe(true);
  }, 300_000);
});

suite('a guest that hears nothing', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start();
  }, 120_000);
  afterAll(() => sut.stop(), 120_000);

  it('runs on, has not restarted, and has when somebody else resets it', async () => {
    const vmId = await sut.startVm();
    const request = { vmId, fence: 1, operationId: randomUUID() };
    const runsOn = async (): Promise<boolean> => {
      const { power, isRebooted } = await sut.agent.call(rebootVm, request);
      return power === 'running' && !isRebooted;
    };
    await holdsFor(1_000, runsOn, 'the guest runs on');
    execFileSync('virsh', ['-c', sut.uri, 'reset', domainName(vmId)]);
    await pollUntil(async () => (await sut.agent.call(rebootVm, request)).isRebooted, {
      ...PATIENCE,
      what: 'the reset to be heard of',
    });
    // Another operation is another press.
    expect(await sut.agent.call(rebootVm, { ...request, operationId: randomUUID() })).toMatchObject({
      isRebooted: false,
    });
  }, 120_000);

  it('is refused while it stands still or is off', async () => {
    const vmId = await sut.startVm();
    const refusal = () => sut.agent.refusal(rebootVm, { vmId, fence: 1, operationId: randomUUID() });
    execFileSync('virsh', ['-c', sut.uri, 'suspend', domainName(vmId)]);
    expect(await refusal()).toBe('VM_BUSY');
    execFileSync('virsh', ['-c', sut.uri, 'destroy', domainName(vmId)]);
    expect(await refusal()).toBe('VM_BUSY');
  }, 120_000);

  const virsh = (...args: string[]) => execFileSync('virsh', ['-c', sut.uri, ...args], { encoding: 'utf8' }).trim();
  /** As whoever sits at the host sees it. */
  const state = (vmId: string) => virsh('domstate', '--reason', domainName(vmId));

  it('is suspended, stays so when libvirtd is killed, and is resumed', async () => {
    const vmId = await sut.startVm();
    const at = { vmId, fence: 1 };
    for (const _ of [1, 2]) expect(await sut.agent.call(suspendVm, at)).toEqual({ power: 'paused' });
    expect(state(vmId)).toBe('paused (user)');
    sut.signalDaemon('SIGKILL');
    const inspected = () => sut.agent.call(inspectVm, { vmId }).catch(() => null);
    const isPaused = async () => (await inspected())?.domain?.power === 'paused';
    await pollUntil(isPaused, { ...PATIENCE, what: 'libvirtd to be back' });
    expect(state(vmId)).toBe('paused (user)');
    for (const _ of [1, 2]) expect(await sut.agent.call(resumeVm, at)).toEqual({ power: 'running' });
    expect(state(vmId)).toBe('running (unpaused)');
  }, 120_000);

  it('is reset and runs on, and a suspended one is reset and stays suspended', async () => {
    const vmId = await sut.startVm();
    const at = { vmId, fence: 1 };
    const resets = async () =>
      (await sut.agent.events.of(hostVmRebooted)).filter((event) => event.vmId === vmId).length;
    expect(await sut.agent.call(resetVm, { ...at, operationId: randomUUID() })).toEqual({ power: 'running' });
    expect(state(vmId)).toBe('running (unpaused)');
    await pollUntil(async () => (await resets()) > 0, { ...PATIENCE, what: 'the reset to be heard of' });
    const told = async (event: string) =>
      (await sut.agent.events.of(hostVmLifecycleChanged)).filter((one) => one.vmId === vmId && one.event === event)
        .length;
    const suspensions = await told('suspended');
    await sut.agent.call(suspendVm, at);
    // Told in order: what the guest did before it stood still has been told by then.
    await pollUntil(async () => (await told('suspended')) > suspensions, { ...PATIENCE, what: 'the suspension' });
    const before = await resets();
    const request = { ...at, operationId: randomUUID() };
    for (const _ of [1, 2]) expect(await sut.agent.call(resetVm, request)).toEqual({ power: 'paused' });
    await pollUntil(async () => (await resets()) > before, { ...PATIENCE, what: 'the reset of the suspended one' });
    // A guest that executes nothing has no firmware that could reset once more: one press, one event.
    expect(await resets()).toBe(before + 1);
    expect(state(vmId)).toMatch(/^paused/);
    expect(await sut.agent.call(resumeVm, at)).toEqual({ power: 'running' });
  }, 120_000);

  it('is not reset while its emulator takes no request, and is once it does', async () => {
    const vmId = await sut.startVm();
    const request = { vmId, fence: 1, operationId: randomUUID() };
    sut.signalVm(vmId, 'SIGSTOP');
    try {
      expect(['DEADLINE_EXCEEDED', 'VM_UNRESPONSIVE']).toContain(await sut.agent.refusal(resetVm, request, 3_000));
    } finally {
      sut.signalVm(vmId, 'SIGCONT');
    }
    const done = () => sut.agent.call(resetVm, request).catch(() => null);
    await pollUntil(async () => (await done())?.power === 'running', { ...PATIENCE, what: 'the reset' });
    expect(state(vmId)).toBe('running (unpaused)');
  }, 120_000);

  it('is reset and runs on when libvirtd is killed in the middle', async () => {
    const vmId = await sut.startVm();
    const request = { vmId, fence: 1, operationId: randomUUID() };
    sut.signalVm(vmId, 'SIGSTOP');
    const cut = sut.agent.refusal(resetVm, request);
    await pollUntil(async () => (await recorded(vmId)) === request.operationId, { ...PATIENCE, what: 'its beginning' });
    sut.signalDaemon('SIGKILL');
    sut.signalVm(vmId, 'SIGCONT');
    expect(['HOST_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'VM_UNRESPONSIVE']).toContain(await cut);
    const done = () => sut.agent.call(resetVm, request).catch(() => null);
    await pollUntil(async () => (await done())?.power === 'running', { ...PATIENCE, what: 'the reset' });
    expect(state(vmId)).toMatch(/^running/);
  }, 180_000);

  /** The operation that the agent was last at with a VM. */
  const recorded = async (vmId: string): Promise<string | undefined> => {
    const file = path.join(sut.state.agentSocketDir, vmId, 'task.json');
    const text = await readFile(file, 'utf8').catch(() => '{}');
    return (JSON.parse(text) as { operationId?: string }).operationId;
  };
});
