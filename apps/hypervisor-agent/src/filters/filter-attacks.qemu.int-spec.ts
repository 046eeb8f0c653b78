import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  defineVm,
  ensureDisk,
  ensureFilter,
  ensureNetwork,
  forceOffVm,
  inspectFilter,
  removeDisk,
  removeFilter,
  removeNetwork,
  startVm,
  undefineVm,
  verifyFilter,
  type CompiledRule,
  type FilterSpec,
} from '@infinibay/contracts';
import { findTestHypervisor, type TestHypervisor, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, writeImage } from '../agent.fixture.js';

const run = promisify(execFile);
const hypervisor = findTestHypervisor();
const MIB = 1_048_576;
/** Each attack reads the kernel some times, and there are dozens of them; a loaded machine takes seconds for each. */
const ATTACKS_TIMEOUT_MS = 900_000;

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe("the filter's proof on QEMU", () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

const rule = (changes: Partial<CompiledRule>): CompiledRule => ({
  direction: 'IN',
  action: 'ACCEPT',
  protocol: 'TCP',
  portFrom: null,
  portTo: null,
  remoteCidr: null,
  priority: 0,
  ...changes,
});

onQemu((at) => {
  const folders = agentFolders();
  const vmId = randomUUID();
  const networkId = randomUUID();
  const fenced = { vmId, fence: 1 };
  const networkName = `ibt-${networkId.slice(0, 8)}`;
  const mac = '52:54:00:aa:bc:01';
  const address = '10.99.9.10';
  const spec: FilterSpec = {
    vmId,
    revision: 7,
    rules: [
      rule({ portFrom: 22, portTo: 22 }),
      rule({ protocol: 'UDP', portFrom: 80, portTo: 90, remoteCidr: '10.0.0.0/8' }),
      rule({ action: 'DROP', protocol: 'ICMP' }),
      rule({ action: 'REJECT', direction: 'OUT', remoteCidr: '10.1.2.3/32' }),
      rule({ direction: 'OUT', protocol: 'ANY', priority: 999 }),
      rule({ action: 'DROP', protocol: 'ANY', priority: 1_000 }),
    ],
  };
  let agent: RunningAgent;

  const inNetwork = async (...command: string[]): Promise<string> =>
    (await run('ip', ['netns', 'exec', at.networkNamespace, ...command])).stdout;
  const shell = (script: string): Promise<string> => inNetwork('sh', '-ec', script);
  const verified = () => agent.call(verifyFilter, { spec });
  const repaired = () => agent.call(ensureFilter, { spec });
  /** The rules that libvirt made for the guest and those that lead to them, as their programs print them. */
  const kernelRules = async (): Promise<string[]> => {
    const { interfaces } = await agent.call(inspectFilter, { vmId });
    return interfaces.flatMap((card) => card.kernelRules);
  };
  const device = async (): Promise<string> => (await agent.call(inspectFilter, { vmId })).interfaces[0]?.device ?? '';
  const programOf = (line: string): string =>
    /^-A (?:I-|libvirt-[IO]-|PREROUTING|POSTROUTING)/.test(line) ? 'ebtables -t nat' : 'iptables';
  const expectNoticedAndRepaired = async (script: string): Promise<void> => {
    await shell(script);
    expect({ script, status: (await verified()).status }).toEqual({ script, status: 'DRIFTED' });
    expect({ script, ...(await repaired()) }).toMatchObject({ script, status: 'APPLIED' });
  };

  beforeAll(async () => {
    const file = join(folders.state, 'empty.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(8 * MIB)]);
    const image = writeImage(folders.images, readFileSync(file), { format: 'qcow2', virtualSizeBytes: 8 * MIB });
    agent = await RunningAgent.start({
      LIBVIRT_URI: at.uri,
      AGENT_SOCKET_DIR: at.agentSocketDir,
      IMAGE_DIR: folders.images,
      DISK_DIR: at.diskDir,
      STATE_DIR: folders.state,
      NETNS: at.networkNamespace,
    });
    await agent.call(ensureNetwork, {
      revision: 1,
      spec: {
        networkId,
        name: networkName,
        bridge: `ibt${networkId.slice(0, 8)}`,
        mac: '52:54:00:aa:bc:ff',
        gateway: '10.99.9.1',
        prefixLength: 24,
        reservations: [{ mac, address, hostname: 'filtered' }],
      },
    });
    await agent.call(ensureDisk, { ...fenced, imageId: image.imageId, capacityBytes: 16 * MIB });
    await agent.call(ensureFilter, { spec });
    await agent.call(defineVm, {
      fence: 1,
      spec: {
        vmId,
        departmentId: randomUUID(),
        name: 'filtered',
        vcpus: 1,
        memoryMib: 64,
        nics: [{ portId: randomUUID(), networkId, mac, address, networkName }],
        filterName: `infinibay-vm-${vmId}`,
      },
    });
    await agent.call(startVm, fenced);
  });
  afterAll(async () => {
    await agent.call(forceOffVm, fenced).catch(() => undefined);
    await agent.call(undefineVm, fenced);
    await agent.call(removeDisk, fenced);
    await agent.call(removeFilter, { vmId });
    await agent.call(removeNetwork, { networkId, name: networkName });
    await agent.stop();
    folders.remove();
  });

  it('is whole after the start, of rules of every kind', async () => {
    expect(await verified()).toEqual({ status: 'APPLIED', differences: [], differenceCount: 0 });
  });

  it(
    'notices each single rule that is gone, and the repair brings it back to its place',
    async () => {
      const before = await kernelRules();
      expect(before.length).toBeGreaterThan(40);
      for (const line of before) await expectNoticedAndRepaired(`${programOf(line)} ${line.replace(/^-A/, '-D')}`);
      expect(await verified()).toEqual({ status: 'APPLIED', differences: [], differenceCount: 0 });
    },
    ATTACKS_TIMEOUT_MS,
  );

  it('notices each jump to the chains of all guests that is gone', async () => {
    const hooks = ['INPUT -j libvirt-host-in', ...['in', 'out', 'in-post'].map((name) => `FORWARD -j libvirt-${name}`)];
    for (const hook of hooks) await expectNoticedAndRepaired(`iptables -D ${hook}`);
  });

  it(
    'notices an ACCEPT before our rules, in each chain',
    async () => {
      const tap = await device();
      const ip = [
        `FI-${tap}`,
        `FO-${tap}`,
        `HI-${tap}`,
        'libvirt-in',
        'libvirt-out',
        'libvirt-in-post',
        'libvirt-host-in',
      ];
      for (const chain of [...ip, 'FORWARD', 'INPUT']) await expectNoticedAndRepaired(`iptables -I ${chain} -j ACCEPT`);
      const ethernet = [`libvirt-I-${tap}`, `libvirt-O-${tap}`, `I-${tap}-mac`, `I-${tap}-ipv4-address`];
      for (const chain of [...ethernet, 'PREROUTING', 'POSTROUTING'])
        await expectNoticedAndRepaired(`ebtables -t nat -I ${chain} -j ACCEPT`);
      // What is not ours stays, behind what is.
      expect(await inNetwork('iptables-save')).toMatch(
        /-A FORWARD -j libvirt-in-post\n(?:.*\n)*?-A FORWARD -j ACCEPT\n/,
      );
      await shell('iptables -D FORWARD -j ACCEPT; iptables -D INPUT -j ACCEPT');
      await shell('for c in PREROUTING POSTROUTING; do ebtables -t nat -D $c -j ACCEPT; done');
    },
    ATTACKS_TIMEOUT_MS,
  );

  it(
    'notices rules that are doubled, replaced or in another order, and chains that are emptied',
    async () => {
      const tap = await device();
      const before = await kernelRules();
      const first = before.find((line) => line.startsWith(`-A FO-${tap} `)) ?? '';
      for (const script of [
        `iptables ${first}`,
        `iptables ${first.replace('-A', '-D')}; iptables ${first}`,
        `iptables -R FO-${tap} 1 -j ACCEPT`,
        `iptables -A libvirt-in -m physdev --physdev-in ${tap} -g FI-${tap}`,
        `iptables -A FORWARD -j libvirt-in`,
        `iptables -D FORWARD -j libvirt-in; iptables -I FORWARD 2 -j libvirt-in`,
        `iptables -D FORWARD -j libvirt-in; iptables -A FORWARD -j libvirt-in`,
        `iptables -I libvirt-in -m physdev --physdev-in vnet+ -j ACCEPT`,
        `ebtables -t nat -P I-${tap}-mac DROP`,
        `iptables -F`,
        `iptables -F; iptables -X`,
        `ebtables -t nat -F; ebtables -t nat -X`,
        `ebtables -t nat -F`,
      ])
        await expectNoticedAndRepaired(script);
    },
    ATTACKS_TIMEOUT_MS,
  );

  it('notices that the kernel does not ask iptables about bridges, says which switch, and turns it on', async () => {
    for (const name of ['iptables', 'ip6tables', 'arptables']) {
      await shell(`echo 0 > /proc/sys/net/bridge/bridge-nf-call-${name}`);
      expect(await verified()).toMatchObject({
        status: 'DRIFTED',
        differences: [{ path: `sysctl/net.bridge.bridge-nf-call-${name}`, expected: '1', actual: '0' }],
      });
      expect(await repaired()).toMatchObject({ status: 'APPLIED' });
      expect((await verified()).status).toBe('APPLIED');
    }
  });

  it('leaves alone what refuses packets before our rules', async () => {
    await shell('iptables -I FORWARD -s 192.0.2.1 -j DROP');
    expect((await verified()).status).toBe('APPLIED');
    await shell('iptables -D FORWARD -j libvirt-out');
    await repaired();
    expect(await inNetwork('iptables-save')).toMatch(
      /-A FORWARD -s 192\.0\.2\.1\/32 -j DROP\n-A FORWARD -j libvirt-in\n/,
    );
    await shell('iptables -D FORWARD -s 192.0.2.1 -j DROP');
  });

  it("notices that somebody redefined the filter under the definition's own marker", async () => {
    const virsh = (...args: string[]) => run('virsh', ['-c', at.uri, ...args]);
    const name = `infinibay-vm-${vmId}`;
    const xml = (await virsh('nwfilter-dumpxml', name)).stdout;
    const file = join(folders.state, 'other.xml');
    execFileSync('tee', [file], { input: xml.replace("dstportstart='22' dstportend='22'", "dstportstart='23'") });
    // Debian's ebtables may lose a race with another change of the kernel's tables: libvirt then takes nothing over.
    await pollUntil(() => virsh('nwfilter-define', file).then(() => true), { what: 'the other definition' });
    expect(await verified()).toMatchObject({ status: 'DRIFTED', differences: [{ path: `libvirt/nwfilter/${name}` }] });
    expect(await repaired()).toMatchObject({ status: 'APPLIED' });
    expect((await verified()).status).toBe('APPLIED');
  });

  it('reads the kernel once for many who look, and tells heartbeats meanwhile', async () => {
    const readings = () => agent.metric('infinibay_kernel_rule_readings_total');
    const before = (await readings()) ?? 0;
    const beats = agent.heartbeats.length;
    const looks = await Promise.all(Array.from({ length: 300 }, () => agent.call(inspectFilter, { vmId })));
    expect(new Set(looks.map(({ status }) => status))).toEqual(new Set(['APPLIED']));
    expect(((await readings()) ?? 0) - before).toBeLessThan(30);
    expect(agent.heartbeats.length).toBeGreaterThanOrEqual(beats);
  });
});
