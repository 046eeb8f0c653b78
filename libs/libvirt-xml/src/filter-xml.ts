import { DomainError, type CompiledRule, type FilterSpec } from '@infinibay/contracts';
import { BASE_FILTER_NAMES } from './base-filters.js';
import { FILTER_MARKER_PREFIX, uuidOfName, vmFilterName } from './names.js';
import { element, renderXml, type XmlElement } from './xml-element.js';

/** libvirt's priorities run from -1000 to 1000; the ends belong to the rules that every VM has. */
const ALWAYS = -1000;
const FIRST_RULE = -999;
const LAST_RULE = 998;
const OUT_BY_DEFAULT = 999;
const DROP_THE_REST = 1000;

const ELEMENT_OF_PROTOCOL = { TCP: 'tcp', UDP: 'udp', ICMP: 'icmp', ANY: 'all' } as const;

export interface FilterIdentity {
  /** Of this very definition; see `filterMarker`. */
  readonly marker: string;
  /** The UUID under which the host knows the filter; redefining it under another one is refused. */
  readonly uuid?: string | undefined;
}

/** @param attempt anything that no other definition of the filter had */
export const filterMarker = (revision: number, attempt: string): string =>
  `${FILTER_MARKER_PREFIX}${revision}.${attempt.replace(/[^A-Za-z0-9]/g, '')}`;

/** The revision that a marker is of. */
export const revisionOfMarker = (marker: string): number | undefined => {
  const digits = marker.startsWith(FILTER_MARKER_PREFIX)
    ? /^\d+(?=\.)/.exec(marker.slice(FILTER_MARKER_PREFIX.length))?.[0]
    : undefined;
  return digits === undefined ? undefined : Number(digits);
};

/**
 * The nwfilter of a VM: its rules in their order, then everything out and nothing in. Answers to what was allowed pass.
 *
 * A DROP or REJECT stops connections that begin. Were it to match every packet, "drop the rest in" would also drop the
 * answers to what the guest asked for. Taking an ACCEPT away stops the connections that it carried, open ones too.
 *
 * The last rule carries the definition's marker as a comment, and so does each of the kernel's chains: whoever finds it
 * there knows that the chain is whole and which definition it is. A new marker also makes libvirt apply the same rules
 * again; it ignores a definition that changes nothing, even when the kernel's rules are gone.
 *
 * @throws DomainError as `requireOrderable`
 */
export const filterXml = (spec: FilterSpec, identity: FilterIdentity): string =>
  renderXml(
    element(
      'filter',
      { name: vmFilterName(spec.vmId), chain: 'root' },
      element('uuid', {}, identity.uuid ?? uuidOfName(vmFilterName(spec.vmId))),
      ...BASE_FILTER_NAMES.map((filter) => element('filterref', { filter })),
      ...alwaysAllowed(),
      ...inOrder(spec.rules),
      element('rule', { action: 'accept', direction: 'out', priority: OUT_BY_DEFAULT }, element('all')),
      element(
        'rule',
        { action: 'drop', direction: 'inout', priority: DROP_THE_REST },
        element('all', { comment: identity.marker }),
      ),
    ),
  );

/** DHCP both ways (its answers don't look like answers: the question came from 0.0.0.0), and ICMP errors of known connections. */
const alwaysAllowed = (): XmlElement[] => [
  element(
    'rule',
    { action: 'accept', direction: 'out', priority: ALWAYS },
    element('udp', { srcportstart: 68, dstportstart: 67 }),
  ),
  element(
    'rule',
    { action: 'accept', direction: 'in', priority: ALWAYS },
    element('udp', { srcportstart: 67, dstportstart: 68 }),
  ),
  element('rule', { action: 'accept', direction: 'in', priority: ALWAYS }, element('icmp', { state: 'RELATED' })),
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

const inOrder = (rules: readonly CompiledRule[]): XmlElement[] => {
  requireOrderable(rules);
  const priority = priorities(rules);
  return rules.map((rule, index) => ruleElement(rule, priority[index] ?? LAST_RULE));
};

/** Neighbours that do the same may share a priority: their order makes no difference. */
const priorities = (rules: readonly CompiledRule[]): number[] => {
  let priority = FIRST_RULE;
  return rules.map(({ action }, index) => {
    if (index > 0 && rules[index - 1]?.action !== action) priority += 1;
    return priority;
  });
};

const ruleElement = (rule: CompiledRule, priority: number): XmlElement =>
  element(
    'rule',
    { action: rule.action.toLowerCase(), direction: rule.direction.toLowerCase(), priority },
    element(ELEMENT_OF_PROTOCOL[rule.protocol], {
      ...remote(rule),
      ...ports(rule),
      state: rule.action === 'ACCEPT' ? undefined : 'NEW',
    }),
  );

const remote = ({ remoteCidr, direction }: CompiledRule): Record<string, string> => {
  if (remoteCidr === null) return {};
  const [address = '', mask = '32'] = remoteCidr.split('/');
  if (mask === '0') return {};
  return direction === 'IN' ? { srcipaddr: address, srcipmask: mask } : { dstipaddr: address, dstipmask: mask };
};

const ports = ({ protocol, portFrom, portTo }: CompiledRule): Record<string, number> =>
  portFrom === null || (protocol !== 'TCP' && protocol !== 'UDP')
    ? {}
    : { dstportstart: portFrom, dstportend: portTo ?? portFrom };
