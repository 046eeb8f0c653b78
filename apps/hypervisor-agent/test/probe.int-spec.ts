// A probe whose libvirtd is killed. Beside the sources, since it needs the stack's tools.
import { once } from 'node:events';
import { Connection } from '@infinibay/libvirt';
import { probeDomainName } from '@infinibay/libvirt-xml';
import { patience, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GuestProbe } from '../src/acceleration/guest-probe.ts';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;

suite('a probe whose libvirtd is killed', () => {
  let sut: QemuAgent;
  let libvirt: Connection;

  beforeAll(async () => {
    sut = await QemuAgent.start();
    libvirt = await Connection.open(sut.uri);
  }, 60_000);
  afterAll(async () => {
    await libvirt.close();
    await sut.stop();
  }, 60_000);

  it('proves nothing, and proves it after the return', async () => {
    const probe = sut.agent.app.get(GuestProbe, { strict: false });
    const started = once(libvirt, 'lifecycle');
    const outcome = probe.run('qemu').catch((error: unknown) => error);
    await started;
    sut.signalDaemon('SIGKILL');
    expect(await outcome).toMatchObject({ code: 'HOST_UNAVAILABLE' });
    const another = async () => {
      const outcome = await probe.run('qemu', patience(10_000));
      return outcome.ran && outcome;
    };
    const again = await pollUntil(another, { timeoutMs: 20_000, what: 'another probe' });
    expect(again).toEqual({ ran: true, durationMs: expect.any(Number) });
    const names = (await libvirt.domains.list()).map(({ name }) => name);
    expect(names).not.toContain(probeDomainName(sut.agent.hostId));
  }, 60_000);

  it('is not decided by a libvirtd that hangs meanwhile', async () => {
    const probe = sut.agent.app.get(GuestProbe, { strict: false });
    const started = once(libvirt, 'lifecycle');
    const outcome = probe.run('qemu', 100).catch((error: unknown) => error);
    await started;
    sut.signalDaemon('SIGSTOP');
    try {
      // Longer than the start may take, and than the daemon may take to say what became of the guest: in its own time.
      const stopped = performance.now();
      await pollUntil(() => performance.now() - stopped > 11_000, { timeoutMs: 60_000, what: 'the limits to pass' });
    } finally {
      sut.signalDaemon('SIGCONT');
    }
    expect(await outcome).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await probe.run('qemu', patience(10_000))).toEqual({ ran: true, durationMs: expect.any(Number) });
  }, 60_000);
});
