import { readRuleList } from '@infinibay/libvirt-xml';
import { describe, expect, it } from '@jest/globals';
import { readLinks, readTrafficFilters } from '../kernel/device-attachments.js';
import { textsOf } from '../kernel/kernel-reading.js';
import type { KernelRules } from '../kernel/kernel-rules.reader.js';
import { readNftRuleset } from '../kernel/nft-ruleset.js';
import { bypassRepairs } from './filter-bypass-repair.js';
import { differencesOfDetours, differencesOfTables } from './filter-bypass.js';

const card = { device: 'vnet1', mac: '52:54:00:AA:BC:01', address: '10.99.9.10' };
const tap = { ifname: 'vnet1', address: 'fe:54:00:aa:bc:01', master: 'br1', linkinfo: { info_kind: 'tun' } };
const bridge = { ifname: 'br1', linkinfo: { info_kind: 'bridge', info_data: { vlan_filtering: 0 } } };

/** A kernel as its programs print it; what this machine's own can't do can be read all the same. */
const kernel = ({ nft = '', tc = '', links = [] as object[], iptables = '', ebtables = '' }): KernelRules => ({
  iptables: readRuleList(iptables),
  ip6tables: readRuleList(''),
  ebtables: readRuleList(ebtables),
  bridgeSwitches: {
    'bridge-nf-call-iptables': '1',
    'bridge-nf-call-ip6tables': '1',
    'bridge-nf-call-arptables': '1',
  },
  nft: readNftRuleset(nft),
  trafficFilters: readTrafficFilters(tc),
  links: readLinks(JSON.stringify([tap, bridge, ...links])),
  texts: textsOf(''),
});
const found = (facts: Parameters<typeof kernel>[0]): [string, string | null][] =>
  differencesOfDetours(card, kernel(facts)).map(({ path, actual }) => [path, actual]);

describe('what leads packets of a card round our rules', () => {
  it('is nothing that belongs to other devices only', () => {
    expect(
      found({
        nft: 'table netdev o {\n\tchain i {\n\t\ttype filter hook ingress device "eth0" priority 0; policy accept;\n\t\tfwd to "vnet10"\n\t}\n}\ntable inet fw {\n\tflowtable f {\n\t\tdevices = { eth0, vnet10 }\n\t}\n}',
        tc: '@eth0 ingress\nfilter protocol all\n\taction order 1: mirred (Egress Redirect to device vnet10) stolen\n@vnet10 root',
        links: [
          { ifname: 'eth0' },
          { ifname: 'eth0.7', link: 'eth0' },
          { ifname: 'v', link: 'vnet1', linkinfo: { info_kind: 'veth' } },
        ],
        iptables: '*mangle\n-A PREROUTING -j TEE --gateway 10.99.9.100\nCOMMIT',
      }),
    ).toEqual([]);
  });

  it('is a bridge that filters VLANs, and a device on top of the tap', () => {
    const filtering = { ...bridge, linkinfo: { info_kind: 'bridge', info_data: { vlan_filtering: 1 } } };
    const state = kernel({ links: [filtering, { ifname: 'vnet1.7', link: 'vnet1', linkinfo: { info_kind: 'vlan' } }] });
    expect(differencesOfDetours(card, state)).toEqual([
      { path: 'link/vnet1.7', expected: null, actual: 'on top of vnet1' },
      { path: 'bridge/br1/vlan_filtering', expected: '0', actual: '1' },
    ]);
    expect(bypassRepairs([card], state).map(({ command }) => command.join(' '))).toEqual([
      'ip link set dev br1 type bridge vlan_filtering 0',
    ]);
  });

  it('is a flow table with the tap, a target that is not named, and a bridge that routes', () => {
    const chain = (rule: string): string =>
      `\tchain c {\n\t\ttype filter hook ingress devices = { "eth0", eth1 } priority 0; policy accept;\n\t\t${rule}\n\t}\n`;
    expect(
      found({
        nft: `table inet fw {\n\tflowtable f {\n\t\thook ingress priority 0\n\t\tdevices = { eth0, vnet1 }\n\t}\n}\ntable netdev o {\n${chain('fwd to ip saddr map @m')}}\ntable bridge b {\n${chain('meta broute set 1')}}`,
        iptables: '*mangle\n-A PREROUTING -j TEE --gateway 10.99.9.10\nCOMMIT',
        ebtables: '*broute\n:BROUTING ACCEPT\n-A BROUTING -i vnet1 -j DROP\nCOMMIT',
      }),
    ).toEqual([
      ['nft/inet/fw/flowtable', 'devices = { vnet1 }'],
      ['nft/netdev/o/c', 'fwd to ip saddr map @m'],
      ['nft/bridge/b/c', 'meta broute set 1'],
      ['iptables/mangle/PREROUTING', '-A PREROUTING -j TEE --gateway 10.99.9.10'],
      ['ebtables/broute/BROUTING', '-A BROUTING -i vnet1 -j DROP'],
    ]);
  });

  it('is told of a tap that is gone and can not be made again', () => {
    const state = { ...kernel({}), links: readLinks('[]') };
    expect(differencesOfDetours(card, state)).toEqual([
      { path: 'link/vnet1', expected: 'tap of 52:54:00:AA:BC:01', actual: null },
    ]);
    expect(bypassRepairs([card], state)).toEqual([]);
  });

  it('is a table of ours whose chain hangs at another hook; iptables of the older kind has no such tables', () => {
    const state = kernel({
      nft: 'table ip filter {\n\tchain INPUT {\n\t\ttype filter hook output priority 0; policy accept;\n\t}\n}',
    });
    expect(differencesOfTables(state)).toEqual([
      { path: 'nft/ip/filter/INPUT', expected: 'hook input', actual: 'hook output' },
    ]);
    expect(differencesOfTables(kernel({}))).toEqual([]);
  });
});
