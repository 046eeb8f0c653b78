import { basename, dirname, join } from 'node:path/posix';
import { attribute, elements, tags, textOf, unescaped } from './read-markup.js';
import { AGENT_PORT_NAME } from './domain-xml.js';
import { escaped } from './xml-element.js';

/** Where what belongs to a domain is on a host; null: it has none. Variables of UEFI are beside its disk. */
export interface DomainPaths {
  readonly diskPath: string;
  readonly agentSocketPath: string;
  readonly screenSocketPath: string;
  readonly consoleLogPath: string | null;
  readonly seedPath: string | null;
}

/** Devices that are of the host, and can't come along to another. */
export const hasHostDevices = (domainXml: string): boolean =>
  ['hostdev', 'filesystem', 'shmem'].some((name) => tags(domainXml, name).length > 0) ||
  tags(domainXml, 'interface').some((tag) => ['hostdev', 'direct'].includes(attribute(tag, 'type') ?? ''));

/** Whether its firmware keeps variables in a file. */
export const hasVariables = (domainXml: string): boolean => tags(domainXml, 'nvram').length > 0;

/** Whether its guest has a TPM. */
export const hasTpm = (domainXml: string): boolean => tags(domainXml, 'tpm').length > 0;

/** What the guest is run by: `kvm` or `qemu`. */
export const virtTypeOf = (domainXml: string): string | undefined => attribute(tags(domainXml, 'domain')[0], 'type');

/**
 * A domain as it is to be on another host: the same machine, with what is outside of it in other places. Which files a disk
 * is based on the other host reads out of its own disk.
 * @param volumes where each of its volumes is to be, by where it is
 * @returns undefined when there is something in it that has no place there
 */
export const movedDomainXml = (
  domainXml: string,
  from: DomainPaths,
  to: DomainPaths,
  volumes: ReadonlyMap<string, string> = new Map(),
): string | undefined => {
  const serials = ['serial', 'console'].flatMap((name) => elements(domainXml, name));
  const logs = serials.filter((xml) => attribute(tags(xml, 'source')[0], 'path') !== undefined && isFile(xml));
  const { consoleLogPath } = to;
  if (logs.length > 0 && consoleLogPath === null) return undefined;
  const variables = elements(domainXml, 'nvram').map((before) => ({ before, after: movedVariables(before, from, to) }));
  if (!variables.every(isPlaced)) return undefined;
  const changes = [
    ...variables,
    ...elements(domainXml, 'disk').map((xml) => change(xml, movedDisk(xml, { from, to, volumes }))),
    ...elements(domainXml, 'channel')
      .filter(isAgentChannel)
      .map((xml) => change(xml, withSource(xml, 'path', to.agentSocketPath))),
    ...elements(domainXml, 'graphics').map((xml) => change(xml, withSockets(xml, to.screenSocketPath))),
    ...logs.map((xml) => change(xml, withSource(xml, 'path', consoleLogPath ?? ''))),
  ];
  return changes.reduce((xml, { before, after }) => xml.replace(before, () => after), domainXml);
};

interface Changed {
  readonly before: string;
  readonly after: string;
}

const change = (before: string, after: string): Changed => ({ before, after });

const isFile = (xml: string): boolean => /^<\w+\s[^>]*\btype=['"]file['"]/.test(xml);

const isAgentChannel = (xml: string): boolean => attribute(tags(xml, 'target')[0], 'name') === AGENT_PORT_NAME;

/** With its own element from the first to the last tag: one stands in another where an image is based on an image. */
const CHAIN = /<backingStore(?:\s[^>]*)?\/>|<backingStore(?:\s[^>]*)?>[\s\S]*<\/backingStore>/;

const isPlaced = (one: Omit<Changed, 'after'> & { readonly after: string | undefined }): one is Changed =>
  one.after !== undefined;

/** Beside its disk, under the same name; libvirt writes them as a text, or as the file of a source. */
const movedVariables = (xml: string, from: DomainPaths, to: DomainPaths): string | undefined => {
  const [source] = tags(xml, 'source');
  const text = textOf(xml, 'nvram') ?? '';
  const path = source === undefined ? unescaped(text) : attribute(source, 'file');
  // Any other file there is not this one's to write to.
  if (path === undefined || dirname(path) !== dirname(from.diskPath) || !isOfDisk(path, from.diskPath))
    return undefined;
  const moved = join(dirname(to.diskPath), basename(path));
  return source === undefined ? xml.replace(`>${text}<`, () => `>${escaped(moved)}<`) : withSource(xml, 'file', moved);
};

const isOfDisk = (path: string, diskPath: string): boolean =>
  basename(path).startsWith(`${basename(diskPath, '.qcow2')}.`) && path.endsWith('.fd');

interface Moves {
  readonly from: DomainPaths;
  readonly to: DomainPaths;
  readonly volumes: ReadonlyMap<string, string>;
}

const movedDisk = (xml: string, { from, to, volumes }: Moves): string => {
  const file = attribute(tags(xml, 'source')[0], 'file');
  const bare = xml.replace(CHAIN, '');
  if (file === from.diskPath) return withSource(bare, 'file', to.diskPath);
  const volume = file === undefined ? undefined : volumes.get(file);
  if (volume !== undefined) return withSource(bare, 'file', volume);
  if (file === undefined || file !== from.seedPath) return xml;
  // An empty drive is the same machine.
  return to.seedPath === null ? bare.replace(/<source(?:\s[^>]*)?\/>/, '') : withSource(bare, 'file', to.seedPath);
};

const withSource = (xml: string, name: string, value: string): string => {
  const [source] = tags(xml, 'source');
  return source === undefined ? xml : xml.replace(source, () => withAttribute(source, name, value));
};

/** On the element itself, and where it listens. */
const withSockets = (xml: string, path: string): string =>
  xml.replace(/<(?:graphics|listen)\s[^>]*>/g, (tag) => withAttribute(tag, 'socket', path));

/** The tag with another value of an attribute that it has; as it is when it has none. */
const withAttribute = (tag: string, name: string, value: string): string =>
  tag.replace(new RegExp(`(\\s${name}=)(?:'[^']*'|"[^"]*")`), (_before, lead: string) => `${lead}"${escaped(value)}"`);
