/** dnsmasq's `dhcp-host` takes a word of these for an order: a lease time (`60`, `1h`, `infinite`) or `ignore`. */
const ORDER = /^(?:\d+[smhdw]?|infinite|ignore)$/;

/** Names with a meaning of their own in DNS or for clients: whoever carries one answers for something else. */
const RESERVED = new Set([
  'localhost',
  'localdomain',
  'broadcasthost',
  'local',
  'wpad',
  'isatap',
  'gateway',
  'dns',
  'dhcp',
  'invalid',
  'example',
  'test',
  'onion',
]);

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Hex digits alone, or in pairs: parsers take it for a MAC address or a client id. */
const HEX_LIKE = /^(?:[0-9a-f]{2}-)+[0-9a-f]{2}$|^0x[0-9a-f]+$/;

/** Whether a name can stand in a reservation of a DHCP server as it is: one DNS label that is read as nothing else. */
export const isPlainDhcpHostname = (name: string): boolean =>
  LABEL.test(name) && !ORDER.test(name) && !HEX_LIKE.test(name) && !RESERVED.has(name) && !name.startsWith('xn--');
