import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureNetwork, inspectFilter } from '@infinibay/contracts';
import { findTestHypervisor, patience, pollUntil, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FilteredGuest } from './filtered-guest.fixture.js';

const hypervisor = findTestHypervisor();
/** Each attack reads the kernel some times; a loaded machine takes seconds for each. */
const ATTACKS_TIMEOUT_MS = 900_000;

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe("the filter's proof on QEMU", () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

const WHOLE = { status: 'APPLIED', differences: [], differenceCount: 0 };
const chainOf = (line: string): string => line.split(' ', 2)[1] ?? '';
const isEthernet = (line: string): boolean => /^-A (?:I-|O-|libvirt-[IO]-|PREROUTING|POSTROUTING)/.test(line);
const programOf = (line: string): string => (isEthernet(line) ? 'ebtables -t nat' : 'iptables');

/** The first lines of all chains together, then the second ones, and so on: of no chain two at once. */
const oneOfEachChain = (lines: readonly string[]): string[][] => {
  const rounds: string[][] = [];
  const counts = new Map<string, number>();
  for (const line of lines) {
    const at = counts.get(chainOf(line)) ?? 0;
    counts.set(chainOf(line), at + 1);
    (rounds[at] ??= []).push(line);
  }
  return rounds;
};

onQemu((at) => {
  let guest: FilteredGuest;
  const shell = (script: string) => guest.shell(script);
  const verified = () => guest.verify();
  const repaired = () => guest.repair();
  const expectNoticedAndRepaired = async (script: string): Promise<void> => {
    await shell(script);
    expect({ script, status: (await verified()).status }).toEqual({ script, status: 'DRIFTED' });
    expect({ script, ...(await repaired()) }).toMatchObject({ script, status: 'APPLIED' });
  };
  /** Every change is noticed for itself: a difference for each of the chains, and none besides. */
  const expectEachNoticed = async (script: string, paths: readonly string[]): Promise<void> => {
    await shell(script);
    const { status, differences } = await verified();
    expect({ status, paths: differences.map(({ path }) => path).sort() }).toEqual({
      status: 'DRIFTED',
      paths: [...paths].sort(),
    });
    expect(await repaired()).toMatchObject({ status: 'APPLIED' });
  };
  const pathOf = (line: string): string => `${isEthernet(line) ? 'ebtables/nat' : 'iptables/filter'}/${chainOf(line)}`;

  beforeAll(async () => {
    guest = await FilteredGuest.start(at);
    await guest.boot();
  });
  afterAll(() => guest.stop());

  it('is whole after the start, of rules of every kind', async () => {
    expect(await verified()).toEqual({ status: 'APPLIED', differences: [], differenceCount: 0 });
  });

  it(
    'notices each single rule that is gone, and the repair brings it back to its place',
    async () => {
      const before = await guest.kernelRules();
      expect(before.length).toBeGreaterThan(40);
      for (const lines of oneOfEachChain(before))
        await expectEachNoticed(
          lines.map((line) => `${programOf(line)} ${line.replace(/^-A/, '-D')}`).join('\n'),
          lines.map(pathOf),
        );
      expect(await verified()).toEqual(WHOLE);
    },
    ATTACKS_TIMEOUT_MS,
  );

  it('notices each jump to the chains of all guests that is gone', async () => {
    for (const hooks of [
      ['-A INPUT -j libvirt-host-in', '-A FORWARD -j libvirt-in'],
      ['-A FORWARD -j libvirt-out'],
      ['-A FORWARD -j libvirt-in-post'],
    ])
      await expectEachNoticed(
        hooks.map((hook) => `iptables ${hook.replace('-A', '-D')}`).join('\n'),
        hooks.map(pathOf),
      );
  });

  it('notices an ACCEPT before our rules, in each chain', async () => {
    const tap = await guest.device();
    const shared = ['libvirt-in', 'libvirt-out', 'libvirt-in-post', 'libvirt-host-in', 'FORWARD', 'INPUT'];
    const ip = [...['FI', 'FO', 'HI'].map((name) => `${name}-${tap}`), ...shared];
    const ethernet = [`libvirt-I-${tap}`, `libvirt-O-${tap}`, `I-${tap}-mac`, `I-${tap}-ipv4-address`];
    const lines = [...ip, ...ethernet, 'PREROUTING', 'POSTROUTING'].map((chain) => `-A ${chain} -j ACCEPT`);
    await expectEachNoticed(
      lines.map((line) => `${programOf(line)} ${line.replace('-A', '-I')}`).join('\n'),
      lines.map(pathOf),
    );
    // What is not ours stays, behind what is.
    expect(await shell('iptables-save')).toMatch(/-A FORWARD -j libvirt-in-post\n(?:.*\n)*?-A FORWARD -j ACCEPT\n/);
    await shell('iptables -D FORWARD -j ACCEPT; iptables -D INPUT -j ACCEPT');
    await shell('for c in PREROUTING POSTROUTING; do ebtables -t nat -D $c -j ACCEPT; done');
  });

  it(
    'notices rules that are doubled, replaced or in another order, and chains that are emptied',
    async () => {
      const tap = await guest.device();
      const before = await guest.kernelRules();
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
    const names = ['iptables', 'ip6tables', 'arptables'];
    await expectEachNoticed(
      names.map((name) => `echo 0 > /proc/sys/net/bridge/bridge-nf-call-${name}`).join('\n'),
      names.map((name) => `sysctl/net.bridge.bridge-nf-call-${name}`),
    );
    expect(await verified()).toEqual(WHOLE);
  });

  it('leaves alone what refuses packets before our rules', async () => {
    await shell('iptables -I FORWARD -s 192.0.2.1 -j DROP');
    expect((await verified()).status).toBe('APPLIED');
    await shell('iptables -D FORWARD -j libvirt-out');
    await repaired();
    expect(await shell('iptables-save')).toMatch(/-A FORWARD -s 192\.0\.2\.1\/32 -j DROP\n-A FORWARD -j libvirt-in\n/);
    await shell('iptables -D FORWARD -s 192.0.2.1 -j DROP');
  });

  it("notices that somebody redefined the filter under the definition's own marker", async () => {
    const name = `infinibay-vm-${guest.vmId}`;
    const xml = (await guest.virsh('nwfilter-dumpxml', name)).stdout;
    const file = join(guest.folders.state, 'other.xml');
    execFileSync('tee', [file], { input: xml.replace("dstportstart='22' dstportend='22'", "dstportstart='23'") });
    // Debian's ebtables may lose a race with another change of the kernel's tables: libvirt then takes nothing over.
    await pollUntil(() => guest.virsh('nwfilter-define', file).then(() => true), { what: 'the other definition' });
    expect(await verified()).toMatchObject({ status: 'DRIFTED', differences: [{ path: `libvirt/nwfilter/${name}` }] });
    expect(await repaired()).toMatchObject({ status: 'APPLIED' });
    expect((await verified()).status).toBe('APPLIED');
  });

  it('reads the kernel once for many who look, compare and make networks, and tells heartbeats meanwhile', async () => {
    const { agent, vmId } = guest;
    const readings = async (): Promise<number> => (await agent.metric('infinibay_kernel_rule_readings_total')) ?? 0;
    const before = await readings();
    const beats = agent.heartbeats.length;
    const inTime = patience(60_000);
    const many = Array.from({ length: 100 }, (_, index) => index);
    const [looks, proofs] = await Promise.all([
      Promise.all(many.map(() => agent.call(inspectFilter, { vmId }, inTime))),
      // In turn: each begins after what changed the VM before it.
      Promise.all([verified(), verified(), verified()]),
      // Refused by the host's own ranges, which are read for each.
      Promise.all(many.map(() => agent.refusal(ensureNetwork, { revision: 1, spec: guest.networkInUse() }, inTime))),
    ]);
    expect(new Set([...looks, ...proofs].map(({ status }) => status))).toEqual(new Set(['APPLIED']));
    // 203 callers; each reading is shared by all who asked while the one before was made.
    expect((await readings()) - before).toBeLessThan(30);
    expect(agent.heartbeats.length).toBeGreaterThanOrEqual(beats);
  });
});
