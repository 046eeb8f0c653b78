import { DomainError, type NetworkDifference, type NetworkSpec } from '@infinibay/contracts';
import type { Network } from '@infinibay/libvirt';
import { Injectable } from '@nestjs/common';
import { libvirtMessageOf } from '../hypervisor/libvirt-errors.js';
import { RunningCards } from '../domains/running-cards.js';
import type { Deadline } from '../work/deadline.js';
import { HostNetworkReader } from './host-network.reader.js';
import { HostRanges, rangeReserved } from './host-ranges.service.js';
import { LeaseService } from './lease.service.js';
import { OWN_TABLES, missingJumps, natRuleDifferences, ownRuleOf, rulesOfNetwork } from './nat-rules.js';
import { lostTaps, tapsOf } from './network-differences.js';
import { NetworkRepository } from './network.repository.js';
import { networkOf } from './ipv4-range.js';
import { reservationDiff } from './reservation-diff.js';

const RANGE_IN_USE = 'already in use by interface';
const CHAIN_MISSING = 'No chain';

/** Makes a host's network what it should be, with as little disturbance of its guests as the difference allows. */
@Injectable()
export class NetworkRepairs {
  constructor(
    private readonly networks: NetworkRepository,
    private readonly ranges: HostRanges,
    private readonly leases: LeaseService,
    private readonly kernel: HostNetworkReader,
    private readonly cards: RunningCards,
  ) {}

  /**
   * Defines and starts a network that is not up, and puts the taps of running guests into its bridge.
   * @throws DomainError NETWORK_RANGE_RESERVED
   */
  async build(spec: NetworkSpec, ownBridges: ReadonlySet<string>, deadline: Deadline): Promise<void> {
    await this.ranges.requireFree(spec, ownBridges);
    const network = await this.networks.define(spec, deadline);
    // Before anybody can be in it.
    await this.closeRoutes(spec);
    await this.networks.startWithDaemon(network, deadline);
    await this.start(network, spec, deadline);
    if (!(await this.ranges.hasKernel())) return;
    await this.attachTaps(spec);
    await this.leases.release(network, spec);
  }

  /** Takes the network down and builds it again: for a bridge that is gone, or what nothing smaller mends. */
  async rebuild(
    network: Network,
    spec: NetworkSpec,
    ownBridges: ReadonlySet<string>,
    deadline: Deadline,
  ): Promise<void> {
    if (await this.networks.isActive(network)) await this.networks.destroy(network, deadline);
    await this.build(spec, ownBridges, deadline);
  }

  /** Mends what can be mended while the bridge stays. */
  async mend(
    network: Network,
    spec: NetworkSpec,
    differences: readonly NetworkDifference[],
    deadline: Deadline,
  ): Promise<void> {
    const kinds = new Set(differences.map(({ kind }) => kind));
    const has = (...sought: string[]): boolean => sought.some((kind) => kinds.has(kind));
    if (has('BRIDGE_DOWN', 'ADDRESS_MISSING', 'ADDRESS_FOREIGN', 'ROUTE_MISSING')) await this.mendBridge(spec);
    if (has('TAP_RENAMED')) await this.renameTaps(spec);
    if (has('TAP_RENAMED', 'TAP_DETACHED', 'TAP_DOWN')) await this.attachTaps(spec);
    if (has('FORWARDING_OFF')) await this.kernel.change('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    if (has('RESERVATIONS')) await this.mendReservations(network, spec, deadline);
    const isRefreshed = has('NAT_RULES') && (await this.mendRules(spec));
    if (isRefreshed || has('DHCP_SERVER_DOWN')) await this.refresh(network, spec, deadline);
    if (has('LEASE_STALE')) await this.leases.release(network, spec);
  }

  private async start(network: Network, spec: NetworkSpec, deadline: Deadline): Promise<void> {
    try {
      await this.networks.start(network, deadline);
    } catch (error) {
      const said = libvirtMessageOf(error) ?? '';
      // Told by libvirt itself when the host took the range in between.
      if (said.includes(RANGE_IN_USE))
        throw rangeReserved(spec, { cidr: networkOf(spec.gateway, spec.prefixLength), origin: 'ROUTE' }, error);
      if (!said.includes(CHAIN_MISSING)) throw error;
      await this.restoreChains();
      await this.networks.start(network, deadline);
    }
  }

  private async mendBridge(spec: NetworkSpec): Promise<void> {
    const { bridge, gateway, prefixLength } = spec;
    const desired = `${gateway}/${prefixLength}`;
    const found = (await this.kernel.read()).links.get(bridge)?.addresses ?? [];
    const addresses = found.map((one) => `${one.address}/${one.prefixLength}`);
    for (const address of addresses.filter((one) => one !== desired))
      await this.kernel.change('ip', 'addr', 'del', address, 'dev', bridge);
    await this.kernel.change('ip', 'link', 'set', 'dev', bridge, 'up');
    await this.kernel.change('ip', 'addr', 'replace', desired, 'brd', '+', 'dev', bridge);
    const range = networkOf(gateway, prefixLength);
    await this.kernel.change(
      ...([
        'ip',
        'route',
        'replace',
        range,
        'dev',
        bridge,
        'proto',
        'kernel',
        'scope',
        'link',
        'src',
        gateway,
      ] as const),
    );
  }

  /** A device changes its name only while it is down. */
  private async renameTaps(spec: NetworkSpec): Promise<void> {
    for (const { name, link } of lostTaps(spec, await this.kernel.read(), await this.cards.taps())) {
      if (link === undefined) continue;
      await this.kernel.change('ip', 'link', 'set', 'dev', link.name, 'down');
      await this.kernel.change('ip', 'link', 'set', 'dev', link.name, 'name', name);
    }
  }

  private async attachTaps(spec: NetworkSpec): Promise<void> {
    for (const tap of tapsOf(spec, await this.kernel.read(), await this.cards.taps())) {
      if (tap.master !== spec.bridge)
        await this.kernel.change('ip', 'link', 'set', 'dev', tap.name, 'master', spec.bridge);
      if (!tap.isUp) await this.kernel.change('ip', 'link', 'set', 'dev', tap.name, 'up');
    }
  }

  private async mendReservations(network: Network, spec: NetworkSpec, deadline: Deadline): Promise<void> {
    const { reservations } = await this.networks.facts(network);
    const { remove, add } = reservationDiff(reservations, spec.reservations);
    for (const reservation of remove) await this.networks.unreserve(network, reservation, deadline);
    for (const reservation of add) await this.networks.reserve(network, reservation, deadline);
  }

  /**
   * libvirt makes its chains once in its life: without them it can start no network. Jumps are appended: before those of
   * the packet filters they would let bridged packets pass unfiltered.
   */
  private async restoreChains(): Promise<void> {
    for (const { table, parent, chain, chainMissing, jumpMissing } of missingJumps(await this.kernel.read())) {
      if (chainMissing) await this.kernel.change('iptables', '-w', '-t', table, '-N', chain);
      if (jumpMissing) await this.kernel.change('iptables', '-w', '-t', table, '-A', parent, '-j', chain);
    }
  }

  /** @returns whether libvirt has to write its own anew */
  private async mendRules(spec: NetworkSpec): Promise<boolean> {
    await this.wakeTables();
    await this.closeRoutes(spec);
    if (natRuleDifferences(spec, await this.kernel.read()).length === 0) return false;
    await this.removeRules(spec);
    return true;
  }

  /** Our own rule once. */
  private closeRoutes({ bridge }: NetworkSpec): Promise<void> {
    return this.keepOwnRule(bridge, 1);
  }

  /** Takes our own rule away. */
  openRoutes(bridge: string): Promise<void> {
    return this.keepOwnRule(bridge, 0);
  }

  /** Makes it be there so often; nothing on a host whose kernel can't be asked. */
  private async keepOwnRule(bridge: string, wanted: 0 | 1): Promise<void> {
    if (!(await this.ranges.hasKernel())) return;
    const { table, line } = ownRuleOf({ bridge });
    const [, chain = '', ...rule] = line.split(' ');
    const found = ((await this.kernel.read()).rules.get(table) ?? []).filter((one) => one === line).length;
    const change = (how: '-I' | '-D') => this.kernel.change('iptables', '-w', '-t', table, how, chain, ...rule);
    if (found < wanted) await change('-I');
    for (let left = found; left > wanted; left -= 1) await change('-D');
  }

  private async wakeTables(): Promise<void> {
    const { dormantTables } = await this.kernel.read();
    for (const table of dormantTables.filter((name) => OWN_TABLES.has(name)))
      await this.kernel.change('nft', 'add', 'table', 'ip', table);
  }

  private async removeRules(spec: NetworkSpec): Promise<void> {
    await this.restoreChains();
    const found = rulesOfNetwork(spec, await this.kernel.read());
    const own = ownRuleOf(spec).table;
    for (const { table, line } of found.filter((rule) => rule.table !== own && !rule.line.includes('"')))
      await this.kernel.change('iptables', '-w', '-t', table, '-D', ...line.split(' ').slice(1));
  }

  private async refresh(network: Network, spec: NetworkSpec, deadline: Deadline): Promise<void> {
    const [reservation] = spec.reservations;
    if (reservation !== undefined) await this.networks.refresh(network, reservation, deadline);
    // Nobody is in it: nothing is disturbed.
    else await this.rebuildEmpty(network, spec, deadline);
  }

  private async rebuildEmpty(network: Network, spec: NetworkSpec, deadline: Deadline): Promise<void> {
    if (tapsOf(spec, await this.kernel.read(), await this.cards.taps()).length > 0)
      throw new DomainError('NETWORK_IN_USE', { networkId: spec.networkId });
    await this.networks.destroy(network, deadline);
    await this.networks.start(network, deadline);
  }
}
