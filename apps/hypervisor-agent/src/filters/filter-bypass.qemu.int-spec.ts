import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVm } from '@infinibay/contracts';
import { findTestHypervisor, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FilteredGuest, Neighbour, writeXdpProgram } from './filtered-guest.fixture.js';

const hypervisor = findTestHypervisor();
const TIMEOUT_MS = 300_000;

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined)
    describe('what keeps the kernel from asking our rules, on QEMU', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

interface Names {
  readonly tap: string;
  readonly port: string;
  readonly bridge: string;
}

interface Detour {
  readonly name: string;
  /** What somebody on the host does. */
  readonly make: (names: Names) => string;
  readonly path: (names: Names) => string;
  /** Whether packets to a closed port pass meanwhile; undefined: the way in question is the other one. */
  readonly opens: boolean | undefined;
}

const REMAKE =
  'nft flush chain ip filter FORWARD; nft delete chain ip filter FORWARD; nft add chain ip filter FORWARD;';
const REDIRECT = 'protocol all u32 match u32 0 0 action mirred egress';
const NETDEV = 'add table netdev other; add chain netdev other in { type filter hook ingress device';

/** What hangs on our own taps, bridges and tables: taken away. */
const MENDED: readonly Detour[] = [
  {
    name: 'bridge-nf-call-iptables switched off',
    make: () => 'echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables',
    path: () => 'sysctl/net.bridge.bridge-nf-call-iptables',
    opens: true,
  },
  {
    name: "a table of iptables' that sleeps",
    make: () => `nft 'add table ip filter { flags dormant; }'`,
    path: () => 'nft/ip/filter',
    opens: true,
  },
  {
    name: "a table of ebtables' that sleeps",
    make: () => `nft 'add table bridge nat { flags dormant; }'`,
    path: () => 'nft/bridge/nat',
    opens: undefined,
  },
  {
    name: 'a built-in chain that hangs nowhere',
    make: () => REMAKE,
    path: () => 'nft/ip/filter/FORWARD',
    opens: true,
  },
  {
    name: 'a tap with another name',
    make: ({ tap }) => `ip link set ${tap} down; ip link set ${tap} name other0; ip link set other0 up`,
    path: ({ tap }) => `link/${tap}`,
    opens: true,
  },
  {
    name: 'a filter of tc on the tap that sends what the guest sends elsewhere',
    make: ({ tap, port }) =>
      `tc qdisc add dev ${tap} clsact; tc filter add dev ${tap} ingress ${REDIRECT} redirect dev ${port}`,
    path: ({ tap }) => `tc/${tap}/ingress`,
    opens: undefined,
  },
  {
    name: 'a filter of tc on the bridge',
    make: ({ bridge, port }) =>
      `tc qdisc add dev ${bridge} ingress; tc filter add dev ${bridge} ingress ${REDIRECT} mirror dev ${port}`,
    path: ({ bridge }) => `tc/${bridge}/ingress`,
    opens: undefined,
  },
];

/** What lets packets reach the guest by way of the host, where nobody asks its own rules. */
const BY_GATEWAY: readonly Detour[] = [
  {
    name: 'the rule for routed packets gone',
    make: () => 'iptables -t mangle -F FORWARD',
    path: () => 'iptables/mangle/FORWARD',
    opens: true,
  },
  {
    name: 'routed packets accepted before it',
    make: () => 'iptables -t mangle -I FORWARD -j ACCEPT',
    path: () => 'iptables/mangle/FORWARD',
    opens: true,
  },
  {
    name: 'its table asleep',
    make: () => `nft 'add table ip mangle { flags dormant; }'`,
    path: () => 'nft/ip/mangle',
    opens: true,
  },
  {
    name: 'its chain hung nowhere',
    make: () =>
      'nft flush chain ip mangle FORWARD; nft delete chain ip mangle FORWARD; nft add chain ip mangle FORWARD;',
    path: () => 'nft/ip/mangle/FORWARD',
    opens: true,
  },
];

/** Somebody else's on the host: told, and never called applied, but left to whom it belongs. */
const TOLD: readonly (Detour & { readonly undo: (names: Names) => string })[] = [
  {
    name: 'a filter of tc on another device that sends packets to the tap',
    make: ({ tap, port }) =>
      `tc qdisc add dev ${port} clsact; tc filter add dev ${port} ingress ${REDIRECT} redirect dev ${tap}`,
    path: ({ port }) => `tc/${port}/ingress`,
    opens: true,
    undo: ({ port }) => `tc qdisc del dev ${port} clsact`,
  },
  {
    name: 'a rule of nftables on another device that forwards packets to the tap',
    make: ({ tap, port }) => `nft '${NETDEV} "${port}" priority 0; }; add rule netdev other in fwd to "${tap}"'`,
    path: () => 'nft/netdev/other/in',
    opens: true,
    undo: () => 'nft delete table netdev other',
  },
  {
    name: 'a rule of nftables that copies packets to the tap',
    make: ({ tap, port }) => `nft '${NETDEV} "${port}" priority 0; }; add rule netdev other in dup to "${tap}"'`,
    path: () => 'nft/netdev/other/in',
    opens: true,
    undo: () => 'nft delete table netdev other',
  },
  {
    name: 'a rule of nftables that forwards what the guest sends',
    make: ({ tap, port }) => `nft '${NETDEV} "${tap}" priority 0; }; add rule netdev other in fwd to "${port}"'`,
    path: () => 'nft/netdev/other/in',
    opens: undefined,
    undo: () => 'nft delete table netdev other',
  },
];

const hook = (family: string, name: string): string =>
  `add table ${family} other; add chain ${family} other ${name} { type filter hook ${name} priority -400; }; add rule ${family} other ${name} accept`;

/** What looks as if it let packets pass, and does not. */
const HARMLESS: readonly { readonly name: string; readonly make: string; readonly undo: string }[] = [
  {
    name: 'rules of nftables that accept before ours',
    make: `nft '${[hook('bridge', 'prerouting'), hook('bridge', 'forward'), hook('bridge', 'postrouting'), hook('inet', 'forward')].join('; ')}'`,
    undo: 'nft delete table bridge other; nft delete table inet other',
  },
  {
    name: 'accepting and untracked packets in the tables raw and mangle',
    make: 'iptables -t mangle -I PREROUTING -j ACCEPT; iptables -t raw -I PREROUTING -j ACCEPT; iptables -t raw -I PREROUTING -j CT --notrack',
    undo: 'iptables -t raw -F; iptables -t mangle -F PREROUTING',
  },
  {
    name: 'a hairpin at every port of the bridge',
    make: 'for port in $(ls /sys/class/net/$BRIDGE/brif); do bridge link set dev $port hairpin on; done',
    undo: 'for port in $(ls /sys/class/net/$BRIDGE/brif); do bridge link set dev $port hairpin off; done',
  },
];

onQemu((at) => {
  let guest: FilteredGuest;
  let neighbour: Neighbour;
  let names: Names;

  const pathsFound = async (): Promise<string[]> => (await guest.verify()).differences.map(({ path }) => path);
  const make = async (detour: Detour): Promise<void> => {
    await guest.shell(detour.make(names));
    if (detour.opens !== undefined) expect(await neighbour.reachesClosedPort()).toBe(detour.opens);
    const { status, differences } = await guest.verify();
    expect({ status, paths: differences.map(({ path }) => path) }).toEqual({
      status: 'DRIFTED',
      paths: expect.arrayContaining([detour.path(names)]),
    });
  };

  beforeAll(async () => {
    guest = await FilteredGuest.start(at);
    await guest.boot();
    neighbour = await Neighbour.beside(guest);
    names = { tap: await guest.device(), port: neighbour.port, bridge: guest.bridge };
  }, TIMEOUT_MS);
  afterAll(async () => {
    await neighbour.leave();
    await guest.stop();
  }, TIMEOUT_MS);

  it('is nothing at first: the open port is open and the closed one closed', async () => {
    expect(await neighbour.reachesClosedPort()).toBe(false);
    expect(await guest.verify()).toEqual({ status: 'APPLIED', differences: [], differenceCount: 0 });
  });

  it.each(MENDED)(
    'is noticed by name and taken away: $name',
    async (detour) => {
      await make(detour);
      expect(await guest.repair()).toMatchObject({ status: 'APPLIED' });
      expect(await guest.verify()).toEqual({ status: 'APPLIED', differences: [], differenceCount: 0 });
      expect(await neighbour.reachesClosedPort()).toBe(false);
    },
    TIMEOUT_MS,
  );

  it.each(BY_GATEWAY)(
    'is noticed by name and taken away: $name',
    async ({ make: script, path }) => {
      expect(await neighbour.reachesClosedPortByGateway()).toBe(false);
      await guest.shell(script(names));
      expect(await neighbour.reachesClosedPortByGateway()).toBe(true);
      expect(await pathsFound()).toContain(path(names));
      expect(await guest.repair()).toMatchObject({ status: 'APPLIED' });
      expect(await neighbour.reachesClosedPortByGateway()).toBe(false);
      await guest.shell('iptables -t mangle -D FORWARD -j ACCEPT 2>/dev/null || true');
      expect(await guest.verify()).toEqual({ status: 'APPLIED', differences: [], differenceCount: 0 });
    },
    TIMEOUT_MS,
  );

  it(
    'is noticed by name and taken away: a program of XDP on the tap',
    async () => {
      const file = writeXdpProgram(guest.folders.state);
      await guest.shell(`ip link set dev ${names.tap} xdpgeneric obj ${file} sec xdp`);
      expect(await pathsFound()).toEqual([`xdp/${names.tap}`]);
      expect(await guest.repair()).toMatchObject({ status: 'APPLIED' });
      expect(await guest.shell(`ip link show ${names.tap}`)).not.toContain('xdp');
    },
    TIMEOUT_MS,
  );

  it.each(TOLD)(
    'is told and left to whom it belongs, and the filter is not called applied: $name',
    async (detour) => {
      await make(detour);
      await expect(guest.repair()).rejects.toMatchObject({
        code: 'FILTER_NOT_ENFORCED',
        details: { differences: [{ path: detour.path(names) }] },
      });
      await guest.shell(detour.undo(names));
      expect(await guest.repair()).toMatchObject({ status: 'APPLIED' });
      expect(await neighbour.reachesClosedPort()).toBe(false);
    },
    TIMEOUT_MS,
  );

  it.each(HARMLESS)(
    'is not: $name',
    async ({ make: script, undo }) => {
      const inBridge = (each: string) => guest.shell(`BRIDGE=${guest.bridge}; ${each}`);
      await inBridge(script);
      expect((await guest.verify()).status).toBe('APPLIED');
      // Without connection tracking the open port is closed as well.
      expect(await neighbour.reachesClosedPort(() => inBridge(undo))).toBe(false);
      expect((await guest.verify()).status).toBe('APPLIED');
    },
    TIMEOUT_MS,
  );
});

onQemu((at) => {
  // As of a kernel without br_netfilter: the folder of its switches is empty, and nothing that we can write makes them.
  const folder = mkdtempSync(join(tmpdir(), 'ib-switches-'));
  const switches = join(folder, randomUUID());
  let guest: FilteredGuest;

  beforeAll(async () => {
    guest = await FilteredGuest.start(at, { BRIDGE_NETFILTER_DIR: switches });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await guest.stop();
    rmSync(folder, { recursive: true });
  }, TIMEOUT_MS);

  it(
    'is a kernel that can not show packets of bridges to iptables: no VM starts there, and no filter is called applied',
    async () => {
      const missing = ['iptables', 'ip6tables', 'arptables'].map((name) => ({
        path: `sysctl/net.bridge.bridge-nf-call-${name}`,
        expected: '1',
        actual: null,
      }));
      await expect(guest.boot()).rejects.toMatchObject({
        code: 'FILTER_NOT_ENFORCED',
        details: { differences: missing },
      });
      // One that somebody started beside us.
      await guest.virsh('start', `vm-${guest.vmId}`);
      expect(await guest.verify()).toEqual({ status: 'DRIFTED', differences: missing, differenceCount: 3 });
      await expect(guest.repair()).rejects.toMatchObject({ code: 'FILTER_NOT_ENFORCED' });
    },
    TIMEOUT_MS,
  );

  it(
    'is one that has the switches again: the VM starts and its filter is applied',
    async () => {
      mkdirSync(switches);
      for (const name of ['iptables', 'ip6tables', 'arptables'])
        writeFileSync(join(switches, `bridge-nf-call-${name}`), '0\n');
      expect(await guest.repair()).toMatchObject({ status: 'APPLIED' });
      expect(await guest.agent.call(startVm, { vmId: guest.vmId, fence: 1 })).toEqual({ power: 'running' });
      expect((await guest.verify()).status).toBe('APPLIED');
    },
    TIMEOUT_MS,
  );
});
