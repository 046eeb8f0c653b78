import { DomainError, MacAddress, VmSizes, type PortLinkState } from '@infinibay/contracts';
import { z } from 'zod';
import { DEFAULT_HARDWARE, KeptHardware, copyOfHardware } from './hardware.js';
import { tuningIssues, type DeclaredHardware } from './tuning.js';

/** The ports whose link is down, by MAC address; every other one is up. */
export const DownLinks = z.record(MacAddress, z.literal('DOWN'));
export type DownLinks = Readonly<z.infer<typeof DownLinks>>;

/** What a VM may be, by version; what a newer version adds to one stays with it through a change by an older. */
export const VmSpec = z
  .looseObject({
    version: z.literal(1),
    ...VmSizes.shape,
    // What an older version wrote says nothing of it.
    autostart: z.boolean().default(false),
    links: DownLinks.default({}),
    hardware: KeptHardware.default(() => copyOfHardware(DEFAULT_HARDWARE)),
  })
  .superRefine((spec, context) => {
    for (const [bound, of] of BOUNDS)
      if (spec[bound] < spec[of])
        context.addIssue({ code: 'custom', path: [bound], message: `must be at least ${of}` });
    for (const { path, message } of tuningIssues(spec.hardware, spec))
      context.addIssue({ code: 'custom', path: ['hardware', path], message });
  });

/** What a virtual machine is declared to be, beside its power: a document that is kept in numbered revisions. */
export type VmSpec = z.infer<typeof VmSpec>;

const BOUNDS = [
  ['maxVcpus', 'vcpus'],
  ['maxMemoryMib', 'memoryMib'],
] as const;

/** Everything that says how large a VM is, in the order in which it is shown. */
export const SIZE_PATHS = ['vcpus', 'maxVcpus', 'memoryMib', 'maxMemoryMib'] as const;
export type SizePath = (typeof SIZE_PATHS)[number];

export const specOfSizes = (
  { vcpus, maxVcpus, memoryMib, maxMemoryMib }: VmSizes,
  autostart = false,
  links: DownLinks = {},
  hardware: DeclaredHardware = DEFAULT_HARDWARE,
): VmSpec => ({
  version: 1,
  vcpus,
  maxVcpus,
  memoryMib,
  maxMemoryMib,
  autostart,
  links: { ...links },
  hardware: copyOfHardware(hardware),
});

export const sizesOfSpec = ({ vcpus, maxVcpus, memoryMib, maxMemoryMib }: VmSpec): VmSizes => ({
  vcpus,
  maxVcpus,
  memoryMib,
  maxMemoryMib,
});

/** @throws DomainError INVALID_INPUT {issues} */
export const checkedSpec = (spec: unknown): VmSpec => {
  const parsed = VmSpec.safeParse(spec);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new DomainError('INVALID_INPUT', { issues });
};

/** What somebody wants a VM to be; a bound that is not named follows. */
export interface Resize {
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly maxVcpus?: number | null | undefined;
  readonly maxMemoryMib?: number | null | undefined;
}

/**
 * A VM without room above its size has none afterwards; a bound that somebody set stays, and rises when it must.
 * @throws DomainError INVALID_INPUT for a bound below the size
 */
export const resized = (spec: VmSpec, { vcpus, memoryMib, maxVcpus, maxMemoryMib }: Resize): VmSpec =>
  checkedSpec({
    ...spec,
    vcpus,
    memoryMib,
    maxVcpus: maxVcpus ?? boundAfter(spec.vcpus, spec.maxVcpus, vcpus),
    maxMemoryMib: maxMemoryMib ?? boundAfter(spec.memoryMib, spec.maxMemoryMib, memoryMib),
  });

const boundAfter = (size: number, bound: number, wanted: number): number =>
  bound === size ? wanted : Math.max(bound, wanted);

/** The spec with the link of one port up or down. @param mac of a port that the VM has */
export const withLink = (spec: VmSpec, mac: string, linkState: PortLinkState): VmSpec => {
  const { [mac]: _before, ...others } = spec.links;
  return checkedSpec({ ...spec, links: linkState === 'DOWN' ? { ...others, [mac]: linkState } : others });
};

/** The same of several ports. */
export const withLinks = (spec: VmSpec, macs: readonly string[], linkState: PortLinkState): VmSpec =>
  macs.reduce((changed, mac) => withLink(changed, mac, linkState), spec);
