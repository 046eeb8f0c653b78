/** Where routed packets are refused: libvirt, which puts its jumps first in FORWARD of `filter`, has nothing in this table. */
export const ROUTED_TABLE = 'mangle';

/**
 * Refuses what somebody sends to guests of a bridge by way of the host: from another network, or from their own by way of
 * the gateway. nwfilter asks the rules of a guest of bridged packets alone, since a routed one has no tap yet that it leaves by.
 * A guest is never talked to that way, but for the answers to what it asked: its network is behind NAT.
 * @returns the rule as iptables-save prints it
 */
export const routedPacketsRule = (bridge: string): string =>
  `-A FORWARD -o ${bridge} -m physdev ! --physdev-is-bridged -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP`;
