import { readRuleList } from '@infinibay/libvirt-xml';
import { describe, expect, it } from '@jest/globals';
import { kernelRulesOf } from './kernel-rules.js';

const MARKER = 'infinibay-revision-7.abcd';
const chains = (
  device: string,
  marker: string,
): string => `-A libvirt-in -m physdev --physdev-in ${device} -g FI-${device}
-A libvirt-out -m physdev --physdev-out ${device} --physdev-is-bridged -g FO-${device}
-A libvirt-host-in -m physdev --physdev-in ${device} -g HI-${device}
-A FI-${device} -m comment --comment "${marker}" -j DROP
-A FO-${device} -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW,ESTABLISHED -m conntrack --ctdir ORIGINAL -j ACCEPT
-A FO-${device} -m comment --comment "${marker}" -j DROP
-A HI-${device} -m comment --comment "${marker}" -j DROP
`;
const hooks = `*filter
:FI-vnet1 - [0:0]
-A INPUT -j libvirt-host-in
-A FORWARD -j libvirt-in
-A FORWARD -j libvirt-out
`;
const bridge = (device: string): string => `-A PREROUTING -i ${device} -j libvirt-I-${device}
-A POSTROUTING -o ${device} -j libvirt-O-${device}
-A I-${device}-mac -s 52:54:00:12:34:56 -j RETURN
-A libvirt-I-${device} -j I-${device}-mac
`;
const tables = {
  iptables: readRuleList(hooks + chains('vnet1', MARKER) + chains('vnet10', MARKER)),
  ebtables: readRuleList(`*nat\n${bridge('vnet1')}${bridge('vnet10')}`),
};

describe('kernel rules', () => {
  it('of a tap are its own only', () => {
    const rules = kernelRulesOf('vnet1', tables);
    expect(rules).toHaveLength(11);
    expect(rules.join('\n')).not.toContain('vnet10');
    expect(rules).toContain(
      '-A FO-vnet1 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW,ESTABLISHED -m conntrack --ctdir ORIGINAL -j ACCEPT',
    );
  });
});
