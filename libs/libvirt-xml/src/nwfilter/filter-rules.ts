import { DomainError, type CompiledRule } from '@infinibay/contracts';
import { attribute } from '../read-markup.js';

/** One rule of a VM's nwfilter: the one model from which both its XML and the kernel's expected lines are written. */
export interface FilterRule {
  readonly action: 'accept' | 'drop' | 'reject';
  /** `in` is towards the guest. */
  readonly direction: 'in' | 'out' | 'inout';
  readonly priority: number;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'all';
  /** The other end: the source of what comes in, the destination of what goes out. */
  readonly remote?: { readonly address: string; readonly mask: string } | undefined;
  readonly sourcePort?: number | undefined;
  readonly destinationPorts?: { readonly first: number; readonly last?: number | undefined } | undefined;
  /** Only packets in this state of their connection; without it a rule also matches the answers. */
  readonly state?: 'NEW' | 'RELATED' | undefined;
  readonly comment?: string | undefined;
  /** Attributes of libvirt's XML that no rule of ours has. */
  readonly unread?: string | undefined;
}

/** libvirt's priorities run from -1000 to 1000; the ends belong to the rules that every VM has. */
const ALWAYS = -1000;
const FIRST_RULE = -999;
const LAST_RULE = 998;
const OUT_BY_DEFAULT = 999;
const DROP_THE_REST = 1000;

/**
 * What a guest asks of its network's DHCP server, to everybody in its network and to nobody else: it is no way out that rules
 * have closed. The host's answers are not asked of these rules, being no bridged packets; another guest's are none. And ICMP
 * errors of known connections.
 */
const ALWAYS_ALLOWED: readonly FilterRule[] = [
  {
    action: 'accept',
    direction: 'out',
    priority: ALWAYS,
    protocol: 'udp',
    remote: { address: '255.255.255.255', mask: '32' },
    sourcePort: 68,
    destinationPorts: { first: 67 },
  },
  { action: 'accept', direction: 'in', priority: ALWAYS, protocol: 'icmp', state: 'RELATED' },
];

/**
 * The rules of a VM's filter in their order: then everything out and nothing in. Answers to what was allowed pass.
 *
 * A DROP or REJECT stops connections that begin. Were it to match every packet, "drop the rest in" would also drop the
 * answers to what the guest asked for. Taking an ACCEPT away stops the connections that it carried, open ones too.
 *
 * @param marker comment of the last rule
 * @throws DomainError as `requireOrderable`
 */
export const filterRules = (rules: readonly CompiledRule[], marker: string): readonly FilterRule[] => [
  ...ALWAYS_ALLOWED,
  ...inOrder(rules),
  { action: 'accept', direction: 'out', priority: OUT_BY_DEFAULT, protocol: 'all' },
  { action: 'drop', direction: 'inout', priority: DROP_THE_REST, protocol: 'all', comment: marker },
];

/**
 * Whether libvirt can keep the rules in their order.
 * @throws DomainError INVALID_INPUT when they change between actions more often than libvirt has priorities
 */
export const requireOrderable = (rules: readonly CompiledRule[]): void => {
  const last = priorities(rules).at(-1);
  if (last === undefined || last <= LAST_RULE) return;
  const changes = last - FIRST_RULE;
  const most = LAST_RULE - FIRST_RULE;
  throw new DomainError('INVALID_INPUT', { reason: 'the rules change between actions too often', changes, most });
};

const inOrder = (rules: readonly CompiledRule[]): FilterRule[] => {
  requireOrderable(rules);
  const priority = priorities(rules);
  return rules.map((rule, index) => filterRule(rule, priority[index] ?? LAST_RULE));
};

/** Neighbours that do the same may share a priority: their order makes no difference. */
const priorities = (rules: readonly CompiledRule[]): number[] => {
  let priority = FIRST_RULE;
  return rules.map(({ action }, index) => {
    if (index > 0 && rules[index - 1]?.action !== action) priority += 1;
    return priority;
  });
};

const filterRule = (rule: CompiledRule, priority: number): FilterRule => ({
  action: ACTIONS[rule.action],
  direction: rule.direction === 'IN' ? 'in' : 'out',
  priority,
  protocol: PROTOCOLS[rule.protocol],
  remote: remoteOf(rule),
  destinationPorts: portsOf(rule),
  state: rule.action === 'ACCEPT' ? undefined : 'NEW',
});

const ACTIONS = { ACCEPT: 'accept', DROP: 'drop', REJECT: 'reject' } as const;
const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', ICMP: 'icmp', ANY: 'all' } as const;

/** A network of everything is no restriction. */
const remoteOf = ({ remoteCidr }: CompiledRule): FilterRule['remote'] => {
  const [address = '', mask = '32'] = (remoteCidr ?? '/0').split('/');
  return mask === '0' ? undefined : { address, mask };
};

const portsOf = ({ protocol, portFrom, portTo }: CompiledRule): FilterRule['destinationPorts'] =>
  portFrom === null || (protocol !== 'TCP' && protocol !== 'UDP')
    ? undefined
    : { first: portFrom, last: portTo ?? portFrom };

const RULE = /<rule(\s[^>]*[^/])>\s*<(\w+)((?:\s[^>]*)?)\/>\s*<\/rule>/g;

/** The rules of a filter's XML, from us or from libvirt, in the order in which they are asked. */
export const readFilterRules = (filterXml: string): readonly FilterRule[] =>
  [...filterXml.matchAll(RULE)]
    .map(([, rule = '', protocol = '', match = '']) => readRule(rule, protocol, match))
    // Array sort is stable, as libvirt's order among equal priorities is that of the document.
    .sort((a, b) => a.priority - b.priority);

const readRule = (rule: string, protocol: string, match: string): FilterRule => {
  const direction = attribute(rule, 'direction') as FilterRule['direction'];
  const value = (name: string): string | undefined => attribute(match, name);
  const number = (name: string): number | undefined => (value(name) === undefined ? undefined : Number(value(name)));
  const [address, mask] = direction === 'in' ? ['srcipaddr', 'srcipmask'] : ['dstipaddr', 'dstipmask'];
  const first = number('dstportstart');
  return {
    action: attribute(rule, 'action') as FilterRule['action'],
    direction,
    priority: Number(attribute(rule, 'priority')),
    protocol: protocol as FilterRule['protocol'],
    remote: value(address) === undefined ? undefined : { address: value(address) ?? '', mask: value(mask) ?? '32' },
    sourcePort: number('srcportstart'),
    destinationPorts: first === undefined ? undefined : { first, last: number('dstportend') },
    state: value('state') as FilterRule['state'],
    comment: value('comment'),
    unread: unreadOf(match),
  };
};

const READ_ATTRIBUTES: ReadonlySet<string | undefined> = new Set([
  ...['srcipaddr', 'srcipmask', 'dstipaddr', 'dstipmask', 'srcportstart', 'dstportstart', 'dstportend', 'state'],
  'comment',
]);

const unreadOf = (match: string): string | undefined => {
  const unread = [...match.matchAll(/(\w+)=(?:'[^']*'|"[^"]*")/g)].filter(([, name]) => !READ_ATTRIBUTES.has(name));
  return unread.length === 0 ? undefined : unread.map(([text]) => text).join(' ');
};
