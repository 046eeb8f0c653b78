import { isPlainDhcpHostname } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dhcpHostnames } from './dhcp-hostnames.js';

const ports = (...hostnames: string[]) => hostnames.map((hostname, index) => ({ id: `port-${index}`, hostname }));
const namesOf = (...hostnames: string[]): string[] =>
  [...dhcpHostnames(ports(...hostnames)).entries()].sort().map(([, name]) => name);

describe(dhcpHostnames.name, () => {
  it.each(['web-1', '1web', 'a', '10-green', 'deadbeef', 'ignored', 'vm-60'])('leaves %j as it is', (name) => {
    expect(namesOf(name)).toEqual([name]);
  });

  it.each([
    'ignore',
    'infinite',
    '60',
    '1h',
    '45m',
    '2d',
    '1w',
    '30s',
    '0',
    'localhost',
    'wpad',
    'isatap',
    '0x1f',
    '52-54-00-aa-bb-cc',
    'xn--bcher-kva',
  ])('keeps %j recognisable and harmless', (name) => {
    expect(namesOf(name)).toEqual([`vm-${name}`]);
  });

  it.each([
    '',
    'set:x',
    'id:*',
    'tag:a',
    'net:b',
    '10.0.0.1',
    '52:54:00:aa:bb:cc',
    'a,b',
    'a b',
    'ü',
    '-',
    'a\n60',
    'x'.repeat(80),
  ])('makes a name for %j', (name) => {
    const [made = ''] = namesOf(name);
    expect(isPlainDhcpHostname(made)).toBe(true);
    expect(made).toMatch(/^(vm-[0-9a-f]{20}|vm-x+)$/);
  });

  it('gives names that differ, whatever their case or what they would become', () => {
    expect(new Set(namesOf('a', 'A', '60', 'vm-60', 'ignore', 'IGNORE', 'a')).size).toBe(7);
    expect(namesOf('60', 'vm-60')[1]).toBe('vm-60');
  });

  it('is harmless for any name, differs for any two ports, and is always the same', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9-]{1,12}$/), fc.constantFrom('60', '1h', 'vm-60', 'ignore')),
        ),
        (names) => {
          const made = dhcpHostnames(ports(...names));
          expect(new Set(made.values()).size).toBe(names.length);
          for (const name of made.values()) expect(isPlainDhcpHostname(name)).toBe(true);
          expect(dhcpHostnames(ports(...names).toReversed())).toEqual(made);
        },
      ),
    );
  });
});
