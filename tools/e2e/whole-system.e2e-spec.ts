import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';
import { GraphClient } from '../demo/graph-client.ts';
import { LiveFeed } from '../demo/live-feed.ts';
import { EVERYTHING, UPTIME, VM_STATE } from '../demo/queries.ts';
import type { VmPicture } from '../demo/picture.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { codeOf, connectTo } from './probes.ts';
import { RunningSystem } from './running-system.ts';

const GIB = 1_073_741_824;

describe('the whole system', () => {
  let system: RunningSystem;
  let admin: GraphClient;
  let research: DepartmentUnderTest;
  let sales: DepartmentUnderTest;
  let vmId: string;

  beforeAll(async () => {
    system = await RunningSystem.start();
    admin = new GraphClient(system.graphqlUrl);
    await admin.login('admin@infinibay.local', system.adminPassword);
    research = await DepartmentUnderTest.create(system, admin, 'Research');
    sales = await DepartmentUnderTest.create(system, admin, 'Sales');
    vmId = await research.createVm('web-1');
    await research.reaches(vmId, 'RUNNING');
  });
  afterAll(async () => {
    expect(await system.stop()).toBe(0);
  });

  /** What a test has begun that must not outlast it, however it ends. */
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const one of undo.splice(0)) await one();
  });
  afterEach(() => research.tidy([vmId]));
  const join = async (token: string, print: (line: string) => void): Promise<LiveFeed> => {
    const feed = await LiveFeed.join(system.realtimeUrl, token, print);
    undo.push(() => feed.leave());
    return feed;
  };

  it('runs exactly one domain, which has the id of the VM', async () => {
    const running = (await system.virsh('list', '--uuid')).trim().split(/\s+/);
    expect(running).toEqual([vmId]);
    expect(system.disks()).toHaveLength(1);
  });

  it("has the rule in the kernel's own list, lets a packet to port 22 through and drops one to 8080", async () => {
    await research.guestReady(vmId);
    const rules = await system.inNetwork('iptables-save');
    expect(rules).toMatch(/-A F[IO]-vnet\d+ .*dport 22\b/);
    const { vm } = await research.member.ask<{ vm: VmPicture }>(EVERYTHING, { id: vmId });
    expect(vm.firewall?.kernelRules.some((rule) => rule.includes('dport 22'))).toBe(true);
    const address = vm.ports[0]?.address ?? '';
    await pollUntil(async () => (await connectTo(system, address, 22)) === 'accepted', {
      timeoutMs: 30_000,
      what: 'port 22',
    });
    // The guest listens on 8080 as well: only the filter keeps packets away from it.
    expect(await connectTo(system, address, 8_080)).toBe('dropped');
  });

  it('opens and closes a port of a running guest live', async () => {
    const { vm } = await research.member.ask<{ vm: VmPicture }>(EVERYTHING, { id: vmId });
    const address = vm.ports[0]?.address ?? '';
    const rule = { direction: 'IN', action: 'ACCEPT', protocol: 'TCP', portFrom: 8_080, portTo: 8_080 };
    const { createFirewallRule } = await research.member.ask<{ createFirewallRule: { id: string } }>(
      `mutation ($input: CreateFirewallRuleInput!) { createFirewallRule(input: $input) { id } }`,
      { input: { idempotencyKey: randomUUID(), departmentId: research.id, vmId, ...rule } },
    );
    await pollUntil(async () => (await connectTo(system, address, 8_080)) === 'accepted', {
      timeoutMs: 20_000,
      what: 'the open port',
    });
    await research.member.ask(`mutation ($input: DeleteFirewallRuleInput!) { deleteFirewallRule(input: $input) }`, {
      input: { idempotencyKey: randomUUID(), ruleId: createFirewallRule.id },
    });
    await pollUntil(async () => (await connectTo(system, address, 8_080)) === 'dropped', {
      timeoutMs: 20_000,
      what: 'the closed port',
    });
  });

  it('answers one query over five services, and the uptime of the guest rises between two reads', async () => {
    const { vm } = await research.member.ask<{ vm: VmPicture }>(EVERYTHING, { id: vmId });
    expect(vm).toMatchObject({
      name: 'web-1',
      state: 'RUNNING',
      owner: { email: 'research@example.org' },
      department: { name: 'Research' },
    });
    expect(vm.effectiveFirewallRules).toContainEqual(expect.objectContaining({ protocol: 'TCP', portFrom: 22 }));
    expect(vm.metrics?.processes.length).toBeGreaterThan(0);
    const uptime = async (): Promise<number> =>
      (await research.member.ask<{ vm: { metrics: { uptimeSeconds: number } } }>(UPTIME, { id: vmId })).vm.metrics
        .uptimeSeconds;
    const first = await uptime();
    await pollUntil(async () => (await uptime()) > first, {
      timeoutMs: 20_000,
      intervalMs: 300,
      what: 'a higher uptime',
    });
  });

  it("shows nothing of a department to another department's user: not the VM, not its room, not one event", async () => {
    expect(await codeOf(sales.member.ask(VM_STATE, { id: vmId }))).toBe('VM_NOT_FOUND');
    expect(await codeOf(sales.member.ask(UPTIME, { id: vmId }))).toBe('VM_NOT_FOUND');
    const lines: string[] = [];
    const stranger = await join(sales.member.accessToken, (line) => lines.push(line));
    await expect(stranger.follow(vmId)).rejects.toThrow('VM_NOT_FOUND');
    const witness: string[] = [];
    const member = await join(research.member.accessToken, (line) => witness.push(line));
    await member.follow(vmId);
    const second = await research.createVm('web-2');
    await member.until(
      'the events of web-2',
      () => member.has('vm.state-changed', second, ({ to }) => to === 'RUNNING'),
      patience(60_000),
    );
    await member.until('live metrics', () => member.samples.length > 1, patience(30_000));
    expect(lines).toEqual([]);
    await research.deleteVm(second);
  });

  it('brings a VM to RUNNING with one domain and one disk although the vms service is killed in the middle', async () => {
    const id = await research.createVm('survivor');
    process.kill(await system.pidOf('vms'), 'SIGKILL');
    await pollUntil(() => codeOf(research.member.ask(VM_STATE, { id })).then((code) => code === 'no error'), {
      timeoutMs: 30_000,
      what: 'vms to be back',
    });
    await research.reaches(id, 'RUNNING', 45_000);
    const domains = (await system.virsh('list', '--all', '--uuid')).trim().split(/\s+/);
    expect(domains.filter((uuid) => uuid === id)).toHaveLength(1);
    expect(domains).toHaveLength(2);
    expect(system.disks()).toHaveLength(2);
    await research.deleteVm(id);
    expect(system.disks()).toHaveLength(1);
  });

  it('refuses bad input at the edge with codes of their own', async () => {
    expect(await codeOf(research.createVm('web-1'))).toBe('NAME_TAKEN');
    expect(await codeOf(research.createVm('other', { imageId: randomUUID() }))).toBe('IMAGE_NOT_FOUND');
    expect(await codeOf(research.createVm('other', { memoryMib: 16_000_000 }))).toBe('MEMORY_EXCEEDS_HOST');
    const rule = `mutation ($input: CreateFirewallRuleInput!) { createFirewallRule(input: $input) { id } }`;
    const input = { departmentId: research.id, direction: 'IN', action: 'ACCEPT', protocol: 'TCP' };
    expect(
      await codeOf(
        research.member.ask(rule, {
          input: { ...input, idempotencyKey: randomUUID(), portFrom: 70_000, portTo: 70_000 },
        }),
      ),
    ).toBe('PORT_OUT_OF_RANGE');
    expect(
      await codeOf(
        research.member.ask(rule, { input: { ...input, idempotencyKey: randomUUID(), remoteCidr: '10.0.0.300/8' } }),
      ),
    ).toBe('MALFORMED_ADDRESS');
    const network = `mutation ($input: CreateNetworkInput!) { createNetwork(input: $input) { id } }`;
    const cidr = { idempotencyKey: randomUUID(), departmentId: research.id, name: 'bad', cidr: '10.0.0.0/99' };
    expect(await codeOf(research.member.ask(network, { input: cidr }))).toBe('MALFORMED_ADDRESS');
  });

  it('restores the filter after an outside flush of the rules', async () => {
    await system.inNetwork('iptables', '-F');
    await pollUntil(async () => /-A F[IO]-vnet\d+ .*dport 22\b/.test(await system.inNetwork('iptables-save')), {
      timeoutMs: 60_000,
      intervalMs: 1_000,
      what: 'the rules',
    });
  });

  const sample = async (): Promise<{ uptimeSeconds: number; sampledAt: string } | null> =>
    (
      await research.member.ask<{ vm: { metrics: { uptimeSeconds: number; sampledAt: string } | null } }>(UPTIME, {
        id: vmId,
      })
    ).vm.metrics;
  /** A guest that did not boot since shows as long as it is up for some time: it counts on, a pause left out. */
  const upForAWhile = () =>
    pollUntil(async () => ((await sample())?.uptimeSeconds ?? 0) > 15, {
      timeoutMs: 120_000,
      intervalMs: 500,
      what: 'some uptime',
    });
  /** However long a boot takes: what is compared is when it began, which the guest's uptime tells. */
  const hasBootedSince = async (instant: number): Promise<void> => {
    let latest: unknown;
    const booted = async (): Promise<boolean> => {
      const now = await sample();
      latest = now;
      return now !== null && Date.parse(now.sampledAt) - now.uptimeSeconds * 1_000 > instant - 5_000;
    };
    await pollUntil(booted, { timeoutMs: 120_000, intervalMs: 500, what: 'a guest that booted anew' }).catch(
      (error: unknown) => {
        throw new Error(`not booted since ${new Date(instant).toISOString()}: ${JSON.stringify(latest)}`, {
          cause: error,
        });
      },
    );
  };

  it('restarts a guest by its power button: it counts its uptime anew, and the VM was RUNNING all the time', async () => {
    await research.guestReady(vmId);
    await upForAWhile();
    const asked = Date.now();
    const { rebootVm } = await research.member.ask<{ rebootVm: { operation: { id: string } } }>(
      `mutation ($input: VmActionInput!) { rebootVm(input: $input) { operation { id } } }`,
      { input: { idempotencyKey: randomUUID(), vmId } },
    );
    const ended = `query ($id: ID!) { operation(id: $id) { status vm { state } } }`;
    const states = new Set<string>();
    await pollUntil(
      async () => {
        const { operation } = await research.member.ask<{ operation: { status: string; vm: { state: string } } }>(
          ended,
          {
            id: rebootVm.operation.id,
          },
        );
        states.add(operation.vm.state);
        return operation.status === 'SUCCEEDED';
      },
      { timeoutMs: 120_000, intervalMs: 500, what: 'the end of the restart' },
    );
    expect([...states]).toEqual(['RUNNING']);
    await hasBootedSince(asked);
  });

  /** @param options of the action, as GraphQL writes them */
  const act = async (name: string, options = ''): Promise<string> => {
    const answer = await research.member.ask<Record<string, { operation: { id: string } }>>(
      `mutation ($input: VmActionInput!) { ${name}(input: $input ${options}) { operation { id } } }`,
      { input: { idempotencyKey: randomUUID(), vmId } },
    );
    return answer[name]?.operation.id ?? '';
  };

  it('suspends, resets and resumes a guest, as virsh sees it, and it boots anew', async () => {
    const ends = (operationId: string) =>
      pollUntil(
        async () => {
          const asked = `query ($id: ID!) { operation(id: $id) { status } }`;
          const { operation } = await research.member.ask<{ operation: { status: string } }>(asked, {
            id: operationId,
          });
          return operation.status === 'SUCCEEDED';
        },
        { timeoutMs: 60_000, intervalMs: 500, what: 'the end of the operation' },
      );
    await upForAWhile();
    const state = async () => (await system.virsh('domstate', vmId)).trim();
    await ends(await act('suspendVm'));
    await research.reaches(vmId, 'PAUSED');
    expect(await state()).toBe('paused');
    await ends(await act('resetVm'));
    expect(await state()).toBe('paused');
    const resumed = Date.now();
    await ends(await act('resumeVm'));
    await research.reaches(vmId, 'RUNNING');
    expect(await state()).toBe('running');
    await hasBootedSince(resumed);
  });

  it('gives a running guest a data disk, makes it larger under it, takes it back, and keeps it beyond the VM', async () => {
    const id = await research.createVm('with-data');
    await research.reaches(id, 'RUNNING');
    await research.guestReady(id);
    const disks = async (): Promise<string[]> =>
      [...(await system.virsh('domblklist', id)).matchAll(/^ *(vd[a-z]) /gm)].map(([, target]) => target ?? '');
    const capacity = async (): Promise<number> =>
      Number(/Capacity: +(\d+)/.exec(await system.virsh('domblkinfo', id, 'vdb'))?.[1]);
    const volumeId = await research.createVolume('data', id);
    await research.moveVolume('attachVolume', id, volumeId, 'ATTACHED');
    expect(await disks()).toEqual(['vda', 'vdb']);
    expect(await system.virsh('dumpxml', '--inactive', id)).toContain('vdb');
    expect(await capacity()).toBe(GIB);
    await research.resizeVolume(volumeId, 2);
    expect(await capacity()).toBe(2 * GIB);
    await research.moveVolume('detachVolume', id, volumeId, null);
    expect(await disks()).toEqual(['vda']);
    await research.moveVolume('attachVolume', id, volumeId, 'ATTACHED');
    await research.deleteVm(id);
    const kept = await research.volume(volumeId);
    expect(kept).toMatchObject({ state: 'AVAILABLE', attachment: null, capacityGib: 2 });
    expect(await codeOf(sales.volume(volumeId))).toBe('VOLUME_NOT_FOUND');
    await research.deleteVolume(volumeId);
  });

  it('keeps what a guest and its disks are, and brings both back', async () => {
    const id = await research.createVm('with-snapshots');
    await research.reaches(id, 'RUNNING');
    await research.guestReady(id);
    const volumeId = await research.createVolume('kept', id);
    await research.moveVolume('attachVolume', id, volumeId, 'ATTACHED');
    const names = async (): Promise<string[]> =>
      (await system.virsh('snapshot-list', '--name', id)).split('\n').filter((line) => line.trim() !== '');
    const running = await research.snapshot('createVmSnapshot', id, { name: 'running' });
    expect(running.snapshots).toMatchObject([{ name: 'running', hasMemory: true, volumeIds: [volumeId] }]);
    expect(await names()).toEqual([`infinibay-${running.snapshots[0]?.id ?? ''}`]);
    expect(await codeOf(research.moveVolume('detachVolume', id, volumeId, null))).toBe('VOLUME_IN_SNAPSHOT');

    await research.ended(id, 'forceOffVm');
    const file = path.join(system.layout.diskDir, `volume-${volumeId}.qcow2`);
    const write = (pattern: number) => execFileSync('qemu-io', ['-c', `write -P ${pattern} 1M 1M`, file]);
    const holds = (pattern: number): boolean =>
      !execFileSync('qemu-io', ['-r', '-c', `read -P ${pattern} 1M 1M`, file], { encoding: 'utf8' }).includes('failed');
    write(7);
    const [, off] = (await research.snapshot('createVmSnapshot', id, { name: 'off' })).snapshots;
    write(9);
    const back = await research.snapshot('revertVmToSnapshot', id, { snapshotId: off?.id });
    expect([back.state, holds(7)]).toEqual(['STOPPED', true]);
    const on = await research.snapshot('revertVmToSnapshot', id, { snapshotId: running.snapshots[0]?.id });
    expect(on.state).toBe('RUNNING');
    expect(await system.virsh('domstate', id)).toContain('running');
    await research.guestReady(id);
    const left = await research.snapshot('deleteVmSnapshot', id, { snapshotId: off?.id });
    expect([left.state, left.snapshots.map(({ name }) => name)]).toEqual(['RUNNING', ['running']]);
    await research.deleteVm(id);
    const kept = execFileSync('qemu-img', ['snapshot', '-l', file], { encoding: 'utf8' });
    expect(kept).not.toContain('infinibay');
    await research.deleteVolume(volumeId);
  });

  it('shows a guest what cloud-init shall find, with the address of its card, and nothing of it stays', async () => {
    const id = await research.createVm('with-seed', { cloudInit: { userName: 'alice', packages: ['nginx'] } });
    await research.reaches(id, 'RUNNING');
    await research.guestReady(id);
    expect(await system.virsh('domblklist', id)).toMatch(new RegExp(`hda +\\S+/seed-${id}\\.iso`));
    const [mac = ''] = /[0-9a-f]{2}(?::[0-9a-f]{2}){5}/.exec(await system.virsh('domiflist', id)) ?? [];
    for (const text of ['local-hostname: "with-seed"', 'name: "alice"', '- "nginx"', `macaddress: "${mac}"`])
      expect(system.seedOf(id)).toContain(text);
    await research.deleteVm(id);
    expect(system.seedOf(id)).toBeNull();
  });

  it('drains a host: its guest goes off by its power button, and nothing begins there until that is over', async () => {
    const { vm } = await admin.ask<{ vm: { host: { id: string } } }>(
      'query ($id: ID!) { vm(id: $id) { host { id } } }',
      {
        id: vmId,
      },
    );
    const hostId = vm.host.id;
    const preview = 'query ($hostId: ID!) { drainPreview(hostId: $hostId) { nodes { vm { id } outcome } } }';
    const { drainPreview } = await admin.ask<{ drainPreview: { nodes: unknown } }>(preview, { hostId });
    expect(drainPreview.nodes).toEqual([{ vm: { id: vmId }, outcome: 'SHUT_DOWN' }]);
    const drain = 'mutation ($input: DrainHostInput!) { drainHost(input: $input) { id } }';
    const input = { idempotencyKey: randomUUID(), hostId, timeoutSeconds: 600, reason: 'a new fan' };
    expect(await codeOf(research.member.ask(drain, { input }))).toBe('FORBIDDEN');
    // The next test starts the guest: a drain that fails must not leave the host closed.
    undo.push(() =>
      admin.ask('mutation ($input: SetHostMaintenanceInput!) { setHostMaintenance(input: $input) { id } }', {
        input: { idempotencyKey: randomUUID(), hostId, maintenance: false },
      }),
    );
    const { drainHost } = await admin.ask<{ drainHost: { id: string } }>(drain, { input });
    const read = 'query ($id: ID!) { operation(id: $id) { status finishedAt results { nodes { vmId status } } } }';
    const ended = await pollUntil(
      async () => {
        const { operation } = await admin.ask<{ operation: { finishedAt: string | null } }>(read, drainHost);
        return operation.finishedAt === null ? undefined : operation;
      },
      { timeoutMs: 90_000, what: 'the end of the drain' },
    );
    expect(ended).toMatchObject({ status: 'SUCCEEDED', results: { nodes: [{ vmId, status: 'SUCCEEDED' }] } });
    expect(await system.virsh('domstate', '--reason', vmId)).toContain('shut off (shutdown)');
    expect(await codeOf(act('startVm'))).toBe('HOST_IN_MAINTENANCE');
    expect(await codeOf(research.createVm('elsewhere'))).toBe('NO_SUITABLE_HOST');
  });

  it('starts a guest again and deletes it, with nothing left behind', async () => {
    await act('startVm');
    await research.reaches(vmId, 'RUNNING');
    // While it boots it does not hear its button.
    await act('shutdownVm', ', timeoutSeconds: 1, force: true');
    await research.reaches(vmId, 'STOPPED', 90_000);
    await act('startVm');
    await research.reaches(vmId, 'RUNNING');
    await research.guestReady(vmId);
    await research.deleteVm(vmId);
    expect((await system.virsh('list', '--all', '--uuid')).trim()).toBe('');
    expect((await system.virsh('nwfilter-list')).includes(vmId)).toBe(false);
    expect(system.disks()).toEqual([]);
  });
});
