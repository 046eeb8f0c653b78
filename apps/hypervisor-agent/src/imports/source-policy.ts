import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What is not public of IPv4, and the address at which Azure answers its guests. */
const NOT_PUBLIC = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/** Of IPv6 one range is public, without what is mapped, translated or tunnelled to IPv4, and what is for documents. */
const PUBLIC_OF_IPV6 = ['2000::', 3] as const;
const NOT_PUBLIC_OF_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

const listOf = (ranges: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family(network));
  return list;
};

const notPublic = listOf([...NOT_PUBLIC, ...NOT_PUBLIC_OF_IPV6]);
const publicOfIpv6 = listOf([PUBLIC_OF_IPV6]);

/** Whether an address is one that anybody on the Internet could reach. */
const isPublic = (address: string): boolean =>
  !notPublic.check(address, family(address)) && (family(address) === 'ipv4' || publicOfIpv6.check(address, 'ipv6'));

/** Where no host is: what clouds tell their guests is told at some of these, and nothing else is meant by the others. */
const NO_HOST = listOf([
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  // Translated to IPv4, these among them.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['fd00:ec2::254', 128],
  ['fe80::', 10],
  ['ff00::', 8],
]);

/** `10.0.0.0/8`, `fd00::/8`; null: it is no range. */
export const parseRange = (text: string): readonly [string, number] | null => {
  const [network = '', prefix = '', ...rest] = text.split('/');
  const bits = isIP(network) === 4 ? 32 : 128;
  if (rest.length > 0 || isIP(network) === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return null;
  return [network, Number(prefix)];
};

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((ofCard) => (ofCard ?? []).map(({ address }) => address));

export interface SourceSettings {
  /** Ranges that may be fetched from although they are not public. */
  readonly ranges: readonly string[];
  /** Host names; `.example.org` stands for all below it. None: every host. */
  readonly hosts: readonly string[];
}

/**
 * From where images may be fetched. Who names an address is a user, and the host that fetches reaches more than users do:
 * the platform's own servers, other machines of the operator, the metadata of its cloud.
 */
export class SourcePolicy {
  private readonly allowed: BlockList;

  constructor(
    private readonly settings: SourceSettings,
    private readonly own: () => readonly string[] = ownAddresses,
  ) {
    this.allowed = listOf(settings.ranges.map(parseRange).filter((range) => range !== null));
  }

  permitsHost(name: string): boolean {
    const { hosts } = this.settings;
    const plain = name.toLowerCase().replace(/\.$/, '');
    return hosts.length === 0 || hosts.some((host) => (host.startsWith('.') ? plain.endsWith(host) : plain === host));
  }

  /** @param address as the resolver tells it; with the name of a card in it, it is refused */
  permitsAddress(address: string): boolean {
    if (isIP(address) === 0 || address.includes('%')) return false;
    if (this.allowed.check(address, family(address))) return true;
    return isPublic(address) && !this.own().includes(address);
  }
}

/** Which addresses may be connected to. */
export type AddressPolicy = Pick<SourcePolicy, 'permitsHost' | 'permitsAddress'>;

/**
 * The same for images of other hosts, whose agents say where they are: in networks that are not public as a rule, and on this
 * very machine where two agents share it.
 */
export class PeerPolicy implements AddressPolicy {
  permitsHost(): boolean {
    return true;
  }

  permitsAddress(address: string): boolean {
    return isIP(address) !== 0 && !address.includes('%') && !NO_HOST.check(address, family(address));
  }
}
