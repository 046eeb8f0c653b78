import { createHash } from 'node:crypto';
import { isPlainDhcpHostname } from '@infinibay/contracts';

const LONGEST = 63;
const PREFIX = 'vm-';

export interface NamedPort {
  readonly id: string;
  /** The VM's name. */
  readonly hostname: string;
}

/**
 * The names under which DHCP knows the ports of a network, by port. A VM's name stays as it is where the DHCP server can't
 * read it as anything else; else it gets a prefix, and where that is no help either it derives from the port's id. Two
 * ports never share a name: the one of the lower id keeps it.
 */
export const dhcpHostnames = (ports: readonly NamedPort[]): ReadonlyMap<string, string> => {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  // Plain names first: a VM called `vm-60` keeps its name beside one called `60`.
  const rank = ({ hostname }: NamedPort): number => (isPlainDhcpHostname(hostname.toLowerCase()) ? 0 : 1);
  const inOrder = [...ports].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  for (const port of inOrder) {
    let name = safeName(port);
    for (let attempt = 1; taken.has(name); attempt += 1) name = ofPort(port.id, attempt);
    taken.add(name);
    names.set(port.id, name);
  }
  return names;
};

const safeName = ({ id, hostname }: NamedPort): string => {
  const name = hostname.toLowerCase();
  if (isPlainDhcpHostname(name)) return name;
  const prefixed = `${PREFIX}${name}`.slice(0, LONGEST).replace(/-+$/, '');
  return prefixed.startsWith(PREFIX) && isPlainDhcpHostname(prefixed) ? prefixed : ofPort(id, 0);
};

const ofPort = (id: string, attempt: number): string =>
  `${PREFIX}${createHash('sha256').update(`name:${id}:${attempt}`).digest('hex').slice(0, 20)}`;
