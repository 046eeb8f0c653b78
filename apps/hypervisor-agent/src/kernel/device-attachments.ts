import { z } from 'zod';

/** Filters that tc keeps at one place of a device. */
export interface TrafficFilters {
  readonly device: string;
  readonly place: string;
  /** As tc prints them, on one line. */
  readonly text: string;
}

/** A device, with what may handle its packets before the bridge and the packet filter see them. */
export interface KernelLink {
  readonly name: string;
  readonly mac: string;
  /** Such as `tun`, `bridge`, `veth`, `vlan`; undefined: a device of the machine. */
  readonly kind: string | undefined;
  /** The bridge that it is in. */
  readonly master: string | undefined;
  /** The device that it is made upon: a VLAN's, a macvlan's. */
  readonly lower: string | undefined;
  /** An XDP program that is attached to it. */
  readonly xdpProgram: string | undefined;
  /** How it is attached, in the words of `ip link set`. */
  readonly xdpMode: 'xdp' | 'xdpgeneric' | 'xdpdrv' | 'xdpoffload';
  /** Of a bridge; undefined: the kernel has none. */
  readonly hasVlanFiltering: boolean | undefined;
}

/** Reads the section of traffic control: `@<device> <place>`, and what tc prints of it. */
export const readTrafficFilters = (text: string): TrafficFilters[] =>
  `\n${text}`.split('\n@').flatMap((part) => {
    const [head = '', ...lines] = part.split('\n');
    const [device = '', place = ''] = head.split(' ');
    const filters = lines.map((line) => line.trim()).filter((line) => line !== '');
    return filters.length === 0 ? [] : [{ device, place, text: filters.join('; ') }];
  });

const Links = z.array(
  z.object({
    ifname: z.string().optional(),
    address: z.string().default(''),
    master: z.string().optional(),
    link: z.string().optional(),
    xdp: z
      .object({
        mode: z.number().optional(),
        prog: z.object({ id: z.number().optional(), name: z.string().optional() }).optional(),
      })
      .optional(),
    linkinfo: z
      .object({
        info_kind: z.string().optional(),
        info_data: z.object({ vlan_filtering: z.number().optional() }).optional(),
      })
      .optional(),
  }),
);

/** By XDP_ATTACHED_*. */
const XDP_MODES = ['xdp', 'xdpdrv', 'xdpgeneric', 'xdpoffload'] as const;

/** Reads what `ip -d -j addr` prints. */
export const readLinks = (text: string): ReadonlyMap<string, KernelLink> =>
  new Map(
    Links.parse(JSON.parse(text === '' ? '[]' : text)).flatMap((found): [string, KernelLink][] => {
      const { ifname: name, master, link, xdp, linkinfo } = found;
      if (name === undefined) return [];
      const { prog } = xdp ?? {};
      const filtering = linkinfo?.info_data?.vlan_filtering;
      return [
        [
          name,
          {
            name,
            mac: found.address.toLowerCase(),
            kind: linkinfo?.info_kind,
            master,
            // A veth names its partner so, upon which it does not stand.
            lower: linkinfo?.info_kind === 'veth' ? undefined : link,
            xdpProgram: xdp === undefined ? undefined : `${prog?.name ?? ''} (id ${prog?.id ?? 'unknown'})`.trim(),
            xdpMode: XDP_MODES[xdp?.mode ?? 0] ?? 'xdp',
            hasVlanFiltering: filtering === undefined ? undefined : filtering === 1,
          },
        ],
      ];
    }),
  );
