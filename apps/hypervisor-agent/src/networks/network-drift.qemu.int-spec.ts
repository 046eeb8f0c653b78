import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  defineVm,
  ensureDisk,
  ensureNetwork,
  forceOffVm,
  hostNetworksObserved,
  hostReportSubject,
  removeDisk,
  removeNetwork,
  undefineVm,
  type NetworkSpec,
  type ObservedNetwork,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { NATS_CONNECTION, subscribeToReport } from '@infinibay/platform-messaging';
import { findTestHypervisor, pollUntil, type TestHypervisor } from '@infinibay/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, writeImage } from '../agent.fixture.js';
import { parseFacts } from './host-network-facts.js';
import { kernelDifferences } from './network-differences.js';

const run = promisify(execFile);
const hypervisor = findTestHypervisor();
const MIB = 1_048_576;
const GENEROUS = { timeoutMs: 60_000, intervalMs: 100 };

const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe('networks that somebody breaks on the host', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

onQemu((at) => {
  const folders = agentFolders();
  const vmId = randomUUID();
  const networkId = randomUUID();
  const short = networkId.slice(0, 8);
  const bridge = `ibt${short}`;
  const mac = '52:54:00:d1:00:01';
  const network: NetworkSpec = {
    networkId,
    name: `ibt-${short}`,
    bridge,
    mac: '52:54:00:d1:00:ff',
    gateway: '10.99.8.1',
    prefixLength: 24,
    reservations: [{ mac, address: '10.99.8.10', hostname: 'guest' }],
  };
  const observations: ObservedNetwork[] = [];
  let agent: RunningAgent;
  /** What a case leaves behind that is nobody's to mend. */
  let restore: () => Promise<string> = () => Promise.resolve('');

  const inNetwork = async (...command: string[]): Promise<string> =>
    (await run('ip', ['netns', 'exec', at.networkNamespace, ...command])).stdout;
  const virsh = (...args: string[]) => run('virsh', ['-c', at.uri, ...args]);
  const tap = async (): Promise<string> => {
    const links = JSON.parse(await inNetwork('ip', '-j', 'link')) as { ifname: string; address?: string }[];
    return links.find(({ address }) => address === `fe${mac.slice(2)}`)?.ifname ?? '';
  };
  const tapName = async (): Promise<string> =>
    /vnet\d+/.exec((await virsh('domiflist', `vm-${vmId}`)).stdout)?.[0] ?? '';
  /** The test's own reading of the kernel, by its own commands. */
  const differences = async () => {
    const [addresses, routes, sockets, rules, forwarding] = await Promise.all([
      inNetwork('ip', '-j', 'addr'),
      inNetwork('ip', '-j', '-4', 'route', 'show', 'table', 'all'),
      inNetwork('ss', '-Hlun'),
      inNetwork('iptables-save'),
      inNetwork('cat', '/proc/sys/net/ipv4/ip_forward'),
    ]);
    return kernelDifferences(
      network,
      parseFacts({ addresses, routes, sockets, rules, forwarding, nft: [], resolver: '' }),
    );
  };
  const dnsmasqPids = async (): Promise<number[]> =>
    (await inNetwork('sh', '-c', `pgrep -f '[d]nsmasq/${network.name}.conf' || true`))
      .trim()
      .split('\n')
      .filter(Boolean)
      .map(Number);

  beforeAll(async () => {
    const file = join(folders.state, 'empty.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(8 * MIB)]);
    const image = writeImage(folders.images, readFileSync(file), { format: 'qcow2', virtualSizeBytes: 8 * MIB });
    agent = await RunningAgent.start({
      LIBVIRT_URI: at.uri,
      LIBVIRT_VIRT_TYPE: 'qemu',
      AGENT_SOCKET_DIR: at.agentSocketDir,
      SCREEN_SOCKET_DIR: at.screenSocketDir,
      IMAGE_DIR: folders.images,
      DISK_DIR: at.diskDir,
      STATE_DIR: folders.state,
      NETNS: at.networkNamespace,
      NETWORK_CHECK_INTERVAL_MS: '300',
    });
    subscribeToReport(
      agent.app.get<NatsConnection>(NATS_CONNECTION, { strict: false }),
      hostNetworksObserved,
      hostReportSubject(hostNetworksObserved, agent.hostId),
      { logger: createLogger({ service: 'test', level: 'fatal', format: 'json' }) },
      ({ networks }) => void observations.push(...networks.filter((one) => one.networkId === networkId)),
    );
    await agent.call(ensureNetwork, { revision: 1, spec: network });
    await agent.call(ensureDisk, { vmId, fence: 1, imageId: image.imageId, capacityBytes: 8 * MIB });
    const spec = { vmId, departmentId: randomUUID(), name: 'guest', vcpus: 1, memoryMib: 64, filterName: null };
    const nic = { portId: randomUUID(), networkId, mac, address: '10.99.8.10', networkName: network.name };
    await agent.call(defineVm, { fence: 1, spec: { ...spec, nics: [nic] } });
    // Filters are another spec's matter, and the agent starts no guest without one.
    await virsh('start', `vm-${vmId}`);
    await pollUntil(async () => (await tap()) !== '' && (await differences()).length === 0, {
      ...GENEROUS,
      what: 'a whole network',
    });
  }, 120_000);

  afterAll(async () => {
    const fenced = { vmId, fence: 1 };
    await agent.call(forceOffVm, fenced).catch(() => undefined);
    await agent.call(undefineVm, fenced);
    await agent.call(removeDisk, fenced);
    await agent.call(removeNetwork, { networkId, name: network.name });
    await agent.stop();
    folders.remove();
  });

  const breakages: [string, string, () => Promise<unknown>][] = [
    ['virsh net-destroy', 'NETWORK_INACTIVE', () => virsh('net-destroy', network.name)],
    ['the bridge deleted', 'BRIDGE_MISSING', () => inNetwork('ip', 'link', 'del', bridge)],
    ['the bridge set down', 'BRIDGE_DOWN', () => inNetwork('ip', 'link', 'set', bridge, 'down')],
    ['a tap taken out', 'TAP_DETACHED', async () => inNetwork('ip', 'link', 'set', await tap(), 'nomaster')],
    [
      'a tap put into another bridge',
      'TAP_DETACHED',
      async () =>
        inNetwork('sh', '-ec', `ip link add o${short} type bridge; ip link set ${await tap()} master o${short}`),
    ],
    [
      'a tap with another name',
      'TAP_RENAMED',
      async () => inNetwork('sh', '-ec', `ip link set ${await tap()} down; ip link set ${await tap()} name other0`),
    ],
    [
      'a tap with another address that is taken out',
      'TAP_DETACHED',
      async () => {
        const name = await tap();
        await inNetwork('sh', '-ec', `ip link set ${name} nomaster; ip link set ${name} address fe:00:00:00:00:01`);
        restore = () => inNetwork('ip', 'link', 'set', name, 'address', `fe${mac.slice(2)}`);
      },
    ],
    ['a tap set down', 'TAP_DOWN', async () => inNetwork('ip', 'link', 'set', await tap(), 'down')],
    ['the address removed', 'ADDRESS_MISSING', () => inNetwork('ip', 'addr', 'del', '10.99.8.1/24', 'dev', bridge)],
    ['an address added', 'ADDRESS_FOREIGN', () => inNetwork('ip', 'addr', 'add', '10.99.9.1/24', 'dev', bridge)],
    ['its route removed', 'ROUTE_MISSING', () => inNetwork('ip', 'route', 'del', '10.99.8.0/24', 'dev', bridge)],
    ['iptables -F', 'NAT_RULES', () => inNetwork('iptables', '-F')],
    ['iptables -t nat -F', 'NAT_RULES', () => inNetwork('iptables', '-t', 'nat', '-F')],
    [
      'all rules and chains removed',
      'NAT_RULES',
      () => inNetwork('sh', '-c', 'for t in filter nat; do iptables -t $t -F; iptables -t $t -X; done'),
    ],
    [
      'one masquerade rule removed',
      'NAT_RULES',
      () => inNetwork('sh', '-c', 'iptables -t nat -D LIBVIRT_PRT -s 10.99.8.0/24 ! -d 10.99.8.0/24 -j MASQUERADE'),
    ],
    [
      'a foreign rule in its chains',
      'NAT_RULES',
      () => inNetwork('iptables', '-I', 'LIBVIRT_FWO', '-i', bridge, '-j', 'DROP'),
    ],
    ['the rule for routed packets removed', 'NAT_RULES', () => inNetwork('iptables', '-t', 'mangle', '-F', 'FORWARD')],
    [
      'the rule for routed packets doubled',
      'NAT_RULES',
      async () =>
        inNetwork('sh', '-ec', `iptables -t mangle $(iptables-save -t mangle | grep -- '-A FORWARD -o ${bridge} ')`),
    ],
    ['forwarding switched off', 'FORWARDING_OFF', () => inNetwork('sysctl', '-q', '-w', 'net.ipv4.ip_forward=0')],
    [
      'dnsmasq killed',
      'DHCP_SERVER_DOWN',
      // It is two processes, of which one ends with the other.
      async () => inNetwork('kill', '-KILL', ...(await dnsmasqPids()).map(String)).catch(() => undefined),
    ],
    [
      'dnsmasq that hangs',
      'DHCP_SERVER_DOWN',
      async () => {
        (await dnsmasqPids()).forEach((pid) => process.kill(pid, 'SIGSTOP'));
        // What a guest would ask stays unread.
        await inNetwork('busybox', 'nslookup', 'a.test', '10.99.8.1').catch(() => undefined);
      },
    ],
    [
      'net-destroy and every chain gone',
      'NETWORK_INACTIVE',
      async () => {
        await virsh('net-destroy', network.name);
        await inNetwork('sh', '-c', 'for t in filter nat; do iptables -t $t -F; iptables -t $t -X; done');
      },
    ],
    [
      'a reservation removed',
      'RESERVATIONS',
      () =>
        virsh(
          'net-update',
          network.name,
          'delete',
          'ip-dhcp-host',
          `<host mac="${mac}" name="guest" ip="10.99.8.10"/>`,
          '--live',
          '--config',
        ),
    ],
    [
      'a reservation added',
      'RESERVATIONS',
      () =>
        virsh(
          'net-update',
          network.name,
          'add',
          'ip-dhcp-host',
          '<host mac="52:54:00:d1:00:77" name="x" ip="10.99.8.77"/>',
          '--live',
          '--config',
        ),
    ],
  ];

  it.each(breakages)(
    'are told and repaired: %s',
    async (_case, kind, breaking) => {
      observations.length = 0;
      await breaking();
      await pollUntil(
        () =>
          observations.some((one) => one.status === 'DRIFTED' && one.differences.some((found) => found.kind === kind)),
        {
          ...GENEROUS,
          what: `${kind} to be told`,
        },
      );
      await pollUntil(() => observations.at(-1)?.status === 'ACTIVE', { ...GENEROUS, what: 'the repair to be told' });
      expect(await differences()).toEqual([]);
      expect((await virsh('net-dumpxml', network.name)).stdout).toContain(
        `<host mac='${mac}' name='guest' ip='10.99.8.10'/>`,
      );
      expect((await virsh('net-dumpxml', network.name)).stdout).not.toContain('10.99.8.77');
      expect(await inNetwork('ip', '-o', 'link', 'show', await tapName())).toContain(`master ${bridge} `);
      await restore();
      restore = () => Promise.resolve('');
      await inNetwork('sh', '-c', `ip link del o${short} 2>/dev/null || true`);
    },
    120_000,
  );

  it('leave no rule behind when they are removed', async () => {
    const id = randomUUID();
    const [name, own] = [`ibt-l${id.slice(0, 7)}`, `ibtl${id.slice(0, 7)}`];
    const spec = { networkId: id, name, bridge: own, mac: '52:54:00:d1:00:fe', gateway: '10.99.7.1', prefixLength: 24 };
    await agent.call(ensureNetwork, { revision: 1, spec: { ...spec, reservations: [] } });
    expect(await inNetwork('iptables-save', '-t', 'mangle')).toContain(`-A FORWARD -o ${own} -m physdev`);
    await agent.call(removeNetwork, { networkId: id, name });
    expect(await inNetwork('iptables-save')).not.toContain(own);
  }, 120_000);

  it('tell that a tap is gone for good, until its guest is started again', async () => {
    observations.length = 0;
    const name = await tapName();
    await inNetwork('ip', 'link', 'del', name);
    const told = await pollUntil(
      () => observations.find((one) => one.differences.some(({ kind }) => kind === 'TAP_MISSING')),
      { ...GENEROUS, what: 'the tap to be missed' },
    );
    expect(told).toMatchObject({
      status: 'ERROR',
      reason: `${name} of ${mac} is gone: its VM has no network until it is started again`,
    });
    await virsh('destroy', `vm-${vmId}`);
    await virsh('start', `vm-${vmId}`);
    await pollUntil(() => observations.at(-1)?.status === 'ACTIVE', { ...GENEROUS, what: 'the new tap to be told' });
    expect(await differences()).toEqual([]);
  }, 120_000);

  it('are refused on a range that the host uses, also when it came to it later', async () => {
    const other = {
      ...network,
      networkId: randomUUID(),
      name: `ibt-r${short}`,
      bridge: `ibr${short}`,
      mac: '52:54:00:d1:00:fe',
      reservations: [],
    };
    await inNetwork('ip', 'link', 'add', `lan${short}`, 'type', 'bridge');
    try {
      await inNetwork('ip', 'addr', 'add', '192.168.77.5/24', 'dev', `lan${short}`);
      await inNetwork('ip', 'link', 'set', `lan${short}`, 'up');
      await inNetwork('ip', 'route', 'add', '172.29.0.0/16', 'via', '192.168.77.1', 'dev', `lan${short}`);
      for (const [gateway, prefixLength] of [
        ['192.168.77.17', 28],
        ['192.168.77.1', 25],
        ['172.29.4.1', 24],
        ['192.168.76.1', 23],
      ] as const) {
        const refused = await agent
          .call(ensureNetwork, { revision: 1, spec: { ...other, networkId: randomUUID(), gateway, prefixLength } })
          .catch((error: unknown) => error);
        expect(refused).toMatchObject({
          code: 'NETWORK_RANGE_RESERVED',
          details: { reserved: gateway.startsWith('172') ? '172.29.0.0/16' : '192.168.77.0/24' },
        });
      }
      expect((await virsh('net-list', '--all', '--name')).stdout).not.toContain(other.name);
      // An existing network whose range the host takes later: told, and not torn from its guests.
      await inNetwork('ip', 'route', 'add', '10.99.8.128/25', 'via', '192.168.77.1', 'dev', `lan${short}`);
      await pollUntil(() => observations.at(-1)?.differences.some(({ kind }) => kind === 'RANGE_RESERVED'), {
        ...GENEROUS,
        what: 'the conflict to be told',
      });
      expect(observations.at(-1)?.status).toBe('ERROR');
    } finally {
      await inNetwork('ip', 'link', 'del', `lan${short}`);
    }
    await pollUntil(() => observations.at(-1)?.status === 'ACTIVE', { ...GENEROUS, what: 'the conflict to end' });
  }, 120_000);

  it('give an address again as soon as its card is gone, though the DHCP server holds its lease', async () => {
    const [oldMac, newMac] = ['52:54:00:d1:00:31', '52:54:00:d1:00:32'];
    const reserved = (card: string): NetworkSpec => ({
      ...network,
      reservations: [...network.reservations, { mac: card, address: '10.99.8.31', hostname: 'again' }],
    });
    /** A guest as the network sees it: a card in the bridge and a DHCP client behind it. */
    const leaseOf = async (card: string): Promise<string> => {
      const ns = `ibg${short}`;
      await run('ip', ['netns', 'add', ns]);
      try {
        await run('ip', [
          '-n',
          at.networkNamespace,
          'link',
          'add',
          `g${short}`,
          'type',
          'veth',
          'peer',
          'name',
          'eth0',
          'netns',
          ns,
        ]);
        await inNetwork('ip', 'link', 'set', `g${short}`, 'master', bridge, 'up');
        await run('ip', ['-n', ns, 'link', 'set', 'eth0', 'address', card, 'up']);
        const { stdout, stderr } = await run('ip', [
          'netns',
          'exec',
          ns,
          'busybox',
          'udhcpc',
          '-i',
          'eth0',
          '-n',
          '-q',
          '-f',
          '-t',
          '10',
          '-T',
          '1',
          '-s',
          '/bin/true',
        ]).catch((error: unknown) => error as { stdout: string; stderr: string });
        return /lease of (\S+) obtained/.exec(stdout + stderr)?.[1] ?? '';
      } finally {
        await run('ip', ['netns', 'del', ns]);
      }
    };
    await agent.call(ensureNetwork, { revision: 2, spec: reserved(oldMac) });
    expect(await leaseOf(oldMac)).toBe('10.99.8.31');
    await agent.call(ensureNetwork, { revision: 3, spec: network });
    await agent.call(ensureNetwork, { revision: 4, spec: reserved(newMac) });
    expect(await leaseOf(newMac)).toBe('10.99.8.31');
    // One revision that takes the address from one card and gives it to another.
    await agent.call(ensureNetwork, { revision: 5, spec: reserved(oldMac) });
    expect(await leaseOf(oldMac)).toBe('10.99.8.31');
    await agent.call(ensureNetwork, { revision: 6, spec: network });
  }, 120_000);
});
