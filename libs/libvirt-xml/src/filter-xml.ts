import type { FilterSpec } from '@infinibay/contracts';
import { BASE_FILTER_NAMES } from './base-filters.js';
import { FILTER_MARKER_PREFIX, uuidOfName, vmFilterName } from './names.js';
import { filterRules, type FilterRule } from './nwfilter/filter-rules.js';
import { element, renderXml, type XmlElement } from './xml-element.js';

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
 * The nwfilter of a VM: the rules of `filterRules`, on top of what every VM's filter refers to.
 *
 * The last rule carries the definition's marker as a comment, and so does each of the kernel's chains: whoever finds it
 * there knows that the chain is whole and which definition it is. A new marker also makes libvirt apply the same rules
 * again; it ignores a definition that changes nothing, even when the kernel's rules are gone.
 *
 * @throws DomainError as `requireOrderable`
 */
export const filterXml = (spec: Pick<FilterSpec, 'vmId' | 'rules'>, identity: FilterIdentity): string =>
  renderXml(
    element(
      'filter',
      { name: vmFilterName(spec.vmId), chain: 'root' },
      element('uuid', {}, identity.uuid ?? uuidOfName(vmFilterName(spec.vmId))),
      ...BASE_FILTER_NAMES.map((filter) => element('filterref', { filter })),
      ...filterRules(spec.rules, identity.marker).map(ruleElement),
    ),
  );

const ruleElement = (rule: FilterRule): XmlElement =>
  element(
    'rule',
    { action: rule.action, direction: rule.direction, priority: rule.priority },
    element(rule.protocol, {
      ...remote(rule),
      srcportstart: rule.sourcePort,
      dstportstart: rule.destinationPorts?.first,
      dstportend: rule.destinationPorts?.last,
      state: rule.state,
      comment: rule.comment,
    }),
  );

const remote = ({ remote: other, direction }: FilterRule): Record<string, string> => {
  if (other === undefined) return {};
  return direction === 'in'
    ? { srcipaddr: other.address, srcipmask: other.mask }
    : { dstipaddr: other.address, dstipmask: other.mask };
};
