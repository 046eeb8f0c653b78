import type { DomainSizes } from '@infinibay/contracts';
import { attribute } from './read-markup.js';
import { topLevelElements, type TopLevelElement } from './top-level-elements.js';

/** libvirt's units, in bytes; it answers in KiB itself and takes all of them. */
const BYTES: Readonly<Record<string, bigint>> = {
  b: 1n,
  byte: 1n,
  bytes: 1n,
  KB: 1_000n,
  k: 1_024n,
  KiB: 1_024n,
  MB: 1_000_000n,
  M: 1_048_576n,
  MiB: 1_048_576n,
  GB: 1_000_000_000n,
  G: 1_073_741_824n,
  GiB: 1_073_741_824n,
  TB: 1_000_000_000_000n,
  T: 1_099_511_627_776n,
  TiB: 1_099_511_627_776n,
};

/** As libvirt does, a part of a KiB counts as one. */
const kibOf = ({ tag, text }: TopLevelElement): number => {
  const factor = BYTES[attribute(tag, 'unit') ?? 'KiB'];
  const amount = /^\s*(\d{1,19})\s*$/.exec(text)?.[1];
  if (factor === undefined || amount === undefined) throw new RangeError(`not an amount of memory: ${tag}${text}`);
  return Number((BigInt(amount) * factor + 1_023n) / 1_024n);
};

const countOf = (text: string, what: string): number => {
  const count = /^\s*(\d{1,9})\s*$/.exec(text)?.[1];
  if (count === undefined) throw new RangeError(`not a number of ${what}: ${text}`);
  return Number(count);
};

/**
 * How large a domain is by its XML, as libvirt tells it or as we write it: what is left out is filled in as libvirt does,
 * so two documents that mean the same give the same.
 * @throws RangeError for a document that says nothing of it, which libvirt never answers
 */
export const domainSizesOf = (domainXml: string): DomainSizes => {
  const found = new Map(topLevelElements(domainXml, 'domain').map((one) => [one.name, one]));
  const [memory, current, vcpu] = [found.get('memory'), found.get('currentMemory'), found.get('vcpu')];
  if (memory === undefined) throw new RangeError('the domain has no memory');
  const maxMemoryKib = kibOf(memory);
  const maxVcpus = vcpu === undefined ? 1 : countOf(vcpu.text, 'processors');
  const online = attribute(vcpu?.tag, 'current');
  return {
    vcpus: Math.min(online === undefined ? maxVcpus : countOf(online, 'processors'), maxVcpus),
    maxVcpus,
    // None of it is what libvirt writes for all of it.
    memoryKib: Math.min((current === undefined ? 0 : kibOf(current)) || maxMemoryKib, maxMemoryKib),
    maxMemoryKib,
  };
};

/** Whether a document is of what runs now; the definition alone has no id. */
export const isOfRunningDomain = (domainXml: string): boolean => /^\s*<domain\b[^>]*\sid=/.test(domainXml);
