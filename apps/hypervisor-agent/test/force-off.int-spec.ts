// Cutting the power of guests that don't answer: QEMU processes stopped with SIGSTOP. Beside the sources, since it needs
// the stack's tools.
import { forceOffVm, hostVmQuarantined, inspectVm, shutdownVm } from '@infinibay/contracts';
import { patience } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE_MS = Math.min(patience(1_000), 8_000);

suite('a VM that does not answer its host', () => {
  let sut: QemuAgent;

  const press = (vmId: string) => sut.agent.refusal(shutdownVm, { vmId, fence: 1 }, PATIENCE_MS);
  const hang = async (): Promise<string> => {
    const vmId = await sut.startVm();
    sut.signalVm(vmId, 'SIGSTOP');
    return vmId;
  };
  // They hang until they are cut: an answer that they are off is not an answer of theirs.
  const cutAll = (vmIds: readonly string[]) =>
    Promise.all(vmIds.map((vmId) => sut.agent.call(forceOffVm, { vmId, fence: 2 }, patience(20_000))));
  const powerOf = async (vmId: string) => (await sut.agent.call(inspectVm, { vmId })).domain?.power;

  beforeAll(async () => {
    sut = await QemuAgent.start();
  }, 60_000);
  afterAll(() => sut.stop(), 60_000);

  // Together: libvirt gives each guest ten seconds to go by itself.
  it('is forced off though a command hangs in it, and while it is quarantined; until then it can be looked at', async () => {
    const [waiting, quarantined] = await Promise.all([hang(), hang()]);
    expect(await press(waiting)).toBe('DEADLINE_EXCEEDED');
    for (const _ of [1, 2]) expect(await press(quarantined)).toBe('DEADLINE_EXCEEDED');
    await sut.agent.events.find(hostVmQuarantined, { vmId: quarantined });
    // Those who reconcile look before they act.
    const looks = Array.from({ length: 3 }, () => powerOf(quarantined));
    expect(await Promise.all(looks)).toEqual(Array(3).fill('running'));
    expect(await cutAll([waiting, quarantined])).toEqual([{ power: 'off' }, { power: 'off' }]);
    expect(await powerOf(waiting)).toBe('off');
  }, 60_000);

  it('is forced off beside three others that hang too, and all of them at once', async () => {
    const hung = await Promise.all([hang(), hang(), hang(), hang()]);
    await Promise.all(hung.map(press));
    expect(await Promise.all(hung.map(powerOf))).toEqual(Array(4).fill('running'));
    expect(await cutAll(hung)).toEqual(Array(4).fill({ power: 'off' }));
    expect(await Promise.all(hung.map(powerOf))).toEqual(Array(4).fill('off'));
  }, 60_000);
});
