import { withoutDrive } from './cdrom-xml.js';
import { FILTER_MARKER_PREFIX } from './names.js';
import { readFilterRules, type FilterRule } from './nwfilter/filter-rules.js';
import { attribute, elements, tags } from './read-markup.js';

export interface DomainInterface {
  readonly mac: string;
  /** Name of the tap on the host; undefined while the domain is off. */
  readonly device: string | undefined;
  /** The bridge that libvirt put it in; undefined while the domain is off. */
  readonly bridge: string | undefined;
  readonly filterName: string | undefined;
  /** IPv4 address that its filter was given. */
  readonly address: string | undefined;
}

export const interfacesOf = (domainXml: string): DomainInterface[] =>
  elements(domainXml, 'interface').map((xml) => ({
    mac: attribute(tags(xml, 'mac')[0], 'address') ?? '',
    device: attribute(tags(xml, 'target')[0], 'dev'),
    bridge: attribute(tags(xml, 'source')[0], 'bridge'),
    filterName: attribute(tags(xml, 'filterref')[0], 'filter'),
    address: attribute(
      tags(xml, 'parameter').find((tag) => attribute(tag, 'name') === 'IP'),
      'value',
    ),
  }));

/** Files of the disks of a domain, floppies and CDs included, but for what is in the CD drive of its VM. */
export const diskFilesOf = (domainXml: string): string[] =>
  elements(withoutDrive(domainXml), 'disk').flatMap((xml) => {
    const file = attribute(tags(xml, 'source')[0], 'file');
    return file === undefined ? [] : [file];
  });

export interface NetworkFacts {
  readonly bridge: string | undefined;
  readonly gateway: string | undefined;
  readonly prefixLength: number | undefined;
  readonly reservations: readonly {
    readonly mac: string;
    readonly address: string;
    readonly hostname: string | null;
  }[];
}

export const networkFacts = (networkXml: string): NetworkFacts => {
  const ip = tags(networkXml, 'ip')[0];
  const prefix = attribute(ip, 'prefix');
  return {
    bridge: attribute(tags(networkXml, 'bridge')[0], 'name'),
    gateway: attribute(ip, 'address'),
    prefixLength: prefix === undefined ? undefined : Number(prefix),
    reservations: tags(elements(networkXml, 'dhcp')[0] ?? '', 'host').map((host) => ({
      mac: attribute(host, 'mac') ?? '',
      address: attribute(host, 'ip') ?? '',
      hostname: attribute(host, 'name') ?? null,
    })),
  };
};

export interface FilterFacts {
  readonly uuid: string | undefined;
  /** Of the definition, when it is one of ours. */
  readonly marker: string | undefined;
  /** Those that have one match, as ours do, in the order in which they are asked. */
  readonly rules: readonly FilterRule[];
  /** Of all rules. */
  readonly ruleCount: number;
  readonly references: readonly string[];
}

export const filterFacts = (filterXml: string): FilterFacts => ({
  uuid: /<uuid>([0-9a-f-]{36})<\/uuid>/.exec(filterXml)?.[1],
  marker: new RegExp(`comment='(${FILTER_MARKER_PREFIX}[A-Za-z0-9.]+)'`).exec(filterXml)?.[1],
  rules: readFilterRules(filterXml),
  ruleCount: tags(filterXml, 'rule').length,
  references: tags(filterXml, 'filterref').map((tag) => attribute(tag, 'filter') ?? ''),
});

/** The virtualization type that a document of domain capabilities is about. */
export const domainTypeOf = (domainCapabilitiesXml: string): string | undefined =>
  /<domain>([a-z]+)<\/domain>/.exec(domainCapabilitiesXml)?.[1];
