import { DomainError } from '@infinibay/contracts';

const MARK = '#infinibay-section ';
const FAILED = '#infinibay-failed';

/** Queues that can't have filters: most devices have no others, and need no further look. */
const PLAIN_QUEUES = 'noqueue|pfifo|pfifo_fast|bfifo|mq|clsact|ingress';
/**
 * `@<device> <place>`, and the filters there. A queue of its own can have filters at its root, and seldom has: all those
 * are asked with one program first.
 */
const TRAFFIC_CONTROL = `queues=$(tc qdisc show 2>/dev/null)
devices() { echo "$queues" | awk -v kinds="^($1)$" -v is="$2" '($2 ~ kinds) == is && $5 != "" { print $5 }' | sort -u; }
filters() { while read -r device; do for place in "$@"; do
echo "@$device $place"; tc filter show dev "$device" "$place" 2>/dev/null || true
done; done; }
devices 'clsact|ingress' 1 | filters ingress egress
roots=$(devices '${PLAIN_QUEUES}' 0)
if [ -n "$(echo "$roots" | sed -n 's/..*/filter show dev & root/p' | tc -force -batch - 2>/dev/null)" ]; then echo "$roots" | filters root; fi`;

/**
 * What is read of the kernel, and how. Programs of nft and tc may be missing on a host: then nobody uses them, and
 * the sections are empty.
 */
const commands = (bridgeSwitchFolder: string) =>
  ({
    iptables: 'iptables-save',
    ip6tables: 'ip6tables-save',
    ebtables: 'ebtables-save',
    nft: 'nft -s -t list ruleset 2>/dev/null || true',
    switches: `grep -s -H . '${bridgeSwitchFolder}'/bridge-nf-call-* || true`,
    trafficControl: TRAFFIC_CONTROL,
    addresses: 'ip -d -j addr',
    routes: 'ip -j -4 route show table all',
    sockets: 'ss -Hlun',
    forwarding: 'cat /proc/sys/net/ipv4/ip_forward',
    resolver: 'cat /etc/resolv.conf 2>/dev/null || true',
  }) as const;

export type KernelSection = keyof ReturnType<typeof commands>;
/** What the programs printed, by section; undefined: the program failed. */
export type KernelTexts = Readonly<Record<KernelSection, string | undefined>>;

/** One shell for all: a dozen programs of their own would each be started through `ip netns exec`. */
export const readingScript = (bridgeSwitchFolder: string): string =>
  Object.entries(commands(bridgeSwitchFolder))
    .map(([section, command]) => `echo '${MARK}${section}'\n{ ${command}\n} || echo '${FAILED}'`)
    .join('\n');

/** @param output what readingScript printed */
export const textsOf = (output: string): KernelTexts => {
  const parts = new Map(
    output.split(MARK).map((part): [string, string] => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1).trim()];
    }),
  );
  const sections = Object.keys(commands('')) as KernelSection[];
  const text = (section: KernelSection): string | undefined => {
    const found = parts.get(section);
    return found === undefined || found.endsWith(FAILED) ? undefined : found;
  };
  return Object.fromEntries(sections.map((section) => [section, text(section)])) as KernelTexts;
};

/** @throws DomainError HYPERVISOR_ERROR when the program failed */
export const requireText = (texts: KernelTexts, section: KernelSection): string => {
  const text = texts[section];
  if (text === undefined)
    throw new DomainError('HYPERVISOR_ERROR', { reason: `the kernel's ${section} can't be read` });
  return text;
};
