// Guests that don't answer: QEMU processes stopped with SIGSTOP. Beside the sources, since it needs the stack's tools.
import { hostVmQuarantined, hostVmReleased, listHostVms, shutdownVm } from '@infinibay/contracts';
import { patience, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE_MS = Math.min(patience(1_000), 8_000);
const LONG_MS = patience(15_000);

suite('a VM that does not answer its host', () => {
  let sut: QemuAgent;
  let hung: string;
  let other: string;

  const press = (vmId: string) => sut.agent.call(shutdownVm, { vmId, fence: 1 }, LONG_MS);
  const health = async () => (await sut.agent.http('/health/ready')).body;

  beforeAll(async () => {
    sut = await QemuAgent.start();
    hung = await sut.startVm();
    other = await sut.startVm();
  }, 60_000);
  afterAll(async () => {
    sut.signalVm(hung, 'SIGCONT');
    await sut.stop();
  }, 60_000);

  it('is quarantined when its calls run out of time: told as an event, by the metric and in the health detail', async () => {
    sut.signalVm(hung, 'SIGSTOP');
    for (const _ of [1, 2]) {
      expect(await sut.agent.refusal(shutdownVm, { vmId: hung, fence: 1 }, PATIENCE_MS)).toBe('DEADLINE_EXCEEDED');
    }
    await sut.agent.events.find(hostVmQuarantined, { vmId: hung });
    expect(await sut.agent.metric('infinibay_quarantined_domains')).toBe(1);
    const body = await pollUntil(async () => {
      const ready = await health();
      return ready.includes('quarantinedDomains') && ready;
    });
    expect(body).toContain(`"quarantinedDomains":["${hung}"]`);
    expect(body).toContain('"ready":true');
  }, 30_000);

  it('holds up nobody else', async () => {
    // It hangs still, with calls in it: whoever waited behind it would get no answer.
    expect((await press(other)).power).toMatch(/running|shutting-down/);
    const { vms } = await sut.agent.call(listHostVms, {}, LONG_MS);
    expect(vms).toHaveLength(2);
    expect(await health()).toContain(`"quarantinedDomains":["${hung}"]`);
  });

  it('is released when it answers again', async () => {
    sut.signalVm(hung, 'SIGCONT');
    await sut.agent.events.find(hostVmReleased, { vmId: hung });
    expect(await sut.agent.metric('infinibay_quarantined_domains')).toBe(0);
    await pollUntil(async () => !(await health()).includes('quarantinedDomains'), { what: 'the health detail to go' });
    expect((await press(hung)).power).toMatch(/running|shutting-down/);
  }, 30_000);
});
