import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHostDetails, listHostVms } from '@infinibay/contracts';
import { Connection, type DomainLifecycleEvent } from '@infinibay/libvirt';
import { probeDomainName, probeXml } from '@infinibay/libvirt-xml';
import { findTestHypervisor, patience, pollUntil, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders } from '../agent.fixture.js';
import { GuestProbe } from './guest-probe.js';
import { PROBE_KERNEL } from './probe-kernel.js';

const hypervisor = findTestHypervisor();

/** Machines without QEMU have nothing to probe; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe(GuestProbe.name, () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

onQemu((at) => {
  const folders = agentFolders();
  const hostId = randomUUID();
  const leftover = join(at.agentSocketDir, `left-${hostId}.bin`);
  let agent: RunningAgent;
  let sut: GuestProbe;
  let libvirt: Connection;

  const probes = async (): Promise<string[]> => [
    ...(await libvirt.domains.list()).map(({ name }) => name).filter((name) => name.startsWith('infinibay-probe-')),
    ...readdirSync(at.agentSocketDir).filter((name) => name.startsWith('infinibay-probe-')),
  ];

  /** Where this process stood still, the guest has come to its end before it could be kept from it: once more. */
  const unlessItRan = <T extends { readonly ran: boolean }>(run: () => Promise<T>): Promise<T> =>
    pollUntil(
      async () => {
        const outcome = await run();
        return outcome.ran ? undefined : outcome;
      },
      { timeoutMs: 60_000, what: 'a guest that does not come to its end' },
    );

  beforeAll(async () => {
    libvirt = await Connection.open(at.uri);
    // As an agent leaves it that is killed while it probes. Stopped, for it would end by itself.
    writeFileSync(leftover, PROBE_KERNEL);
    const xml = probeXml({ virtType: 'qemu', hostId, uuid: randomUUID(), kernelPath: leftover });
    await libvirt.domains.createXml(xml, { paused: true });
    agent = await start();
    sut = agent.app.get(GuestProbe, { strict: false });
  }, 60_000);
  afterAll(async () => {
    await agent.stop();
    await libvirt.close();
    folders.remove();
  });

  const start = (): Promise<RunningAgent> =>
    RunningAgent.start({
      HOST_ID: hostId,
      LIBVIRT_URI: at.uri,
      AGENT_SOCKET_DIR: at.agentSocketDir,
      SCREEN_SOCKET_DIR: at.screenSocketDir,
      IMAGE_DIR: folders.images,
      DISK_DIR: at.diskDir,
      STATE_DIR: folders.state,
      NETNS: at.networkNamespace,
    });
  const kvm = async () => (await agent.call(getHostDetails, {})).details.kvm;

  it('removes at the start what a killed agent left', async () => {
    expect(await probes()).toEqual([]);
  });

  it('runs a guest to its end and leaves nothing', async () => {
    expect(await sut.run('qemu', patience(10_000))).toEqual({ ran: true, durationMs: expect.any(Number) });
    expect(await probes()).toEqual([]);
  });

  it('never shows the guest as a VM', async () => {
    // It lives for less than a second: on a busy machine not every one is seen.
    const shown: string[] = [];
    const isSeen = async (): Promise<boolean> => {
      let isOver = false;
      const running = sut.run('qemu').finally(() => (isOver = true));
      const found = async (): Promise<boolean> => (await probes()).includes(probeDomainName(hostId));
      await pollUntil(async () => isOver || found(), { what: 'the guest' });
      const isThere = !isOver;
      shown.push(...(await agent.call(listHostVms, {})).vms.map(({ vmId }) => vmId));
      await running;
      return isThere;
    };
    await pollUntil(isSeen, { timeoutMs: 60_000, what: 'a guest that is seen' });
    expect(shown).toEqual([]);
    expect(agent.heartbeats.flatMap(({ vms }) => vms)).toEqual([]);
  });

  it('says that a guest did not come to its end, and removes it', async () => {
    expect(await unlessItRan(() => sut.run('qemu', 1))).toMatchObject({
      reason: 'a guest was started and did not come to its end within 1 ms',
    });
    expect(await probes()).toEqual([]);
  });

  it('says how a guest ended that was killed', async () => {
    const kill = ({ event, uuid }: DomainLifecycleEvent): void => {
      if (event === 'started') void libvirt.domains.handle(uuid).destroy();
    };
    libvirt.on('lifecycle', kill);
    const outcome = await unlessItRan(() => sut.run('qemu', patience(10_000))).finally(() =>
      libvirt.off('lifecycle', kill),
    );
    expect(outcome).toMatchObject({ reason: 'a guest was started and its QEMU ended (destroyed)' });
  });

  it('decides which guests the host gets, in heartbeats, health and metrics', async () => {
    const outcome = await sut.run('kvm');
    const { works, reason } = await kvm();
    expect(works).toBe(outcome.ran);
    if (works) expect(reason).toBeNull();
    else expect(reason).toMatch(/\w{3}/);
    expect(agent.heartbeats.at(-1)?.inventory.capabilities.virtType).toBe(works ? 'kvm' : 'qemu');
    expect((await agent.http('/health/ready')).body).toContain(`"kvm":{"works":${works},"reason":`);
    expect((await agent.http('/metrics')).body).toMatch(
      new RegExp(`^infinibay_kvm_works\\{.*\\} ${works ? 1 : 0}$`, 'm'),
    );
  }, 30_000);

  it('is not started again by the next run of the agent where it hung', async () => {
    const before = await kvm();
    // Not where KVM works, nor where it needs no guest to know that it does not.
    const isKept = existsSync(join(folders.state, 'acceleration', 'kvm'));
    await agent.stop();
    agent = await start();
    const after = await kvm();
    if (isKept) expect(after).toEqual(before);
    else expect(Date.parse(after.checkedAt)).toBeGreaterThan(Date.parse(before.checkedAt));
  }, 60_000);
});
