import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatCidr, isPrivate, overlaps, parseCidr, parseNetworkCidr, includesAddress, endOf } from './cidr.js';
import { formatIpv4, parseIpv4 } from './ipv4.js';

const address = fc.integer({ min: 0, max: 0xffff_ffff });
const cidr = fc.tuple(address, fc.integer({ min: 8, max: 32 })).map(([base, prefix]) => {
  const parsed = parseCidr(`${formatIpv4(base)}/${prefix}`);
  if (parsed === null) throw new Error('unreachable');
  return parsed;
});

describe(parseIpv4, () => {
  it('reads back every address that was written', () => {
    fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value));
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    '1.2.3.-4',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '0x1.2.3.4',
    '1..2.3',
  ])('refuses %j', (text) => {
    expect(parseIpv4(text)).toBeNull();
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseIpv4(text) === null || /^\d/.test(text)));
  });
});

describe(parseCidr, () => {
  it('clears host bits and reads back what it writes', () => {
    fc.assert(
      fc.property(cidr, (value) => {
        expect(parseCidr(formatCidr(value))).toEqual(value);
        expect(value.base % 2 ** (32 - value.prefixLength)).toBe(0);
      }),
    );
  });
});

describe(overlaps, () => {
  it('is symmetric and means that an address is in both', () => {
    fc.assert(
      fc.property(cidr, cidr, (a, b) => {
        expect(overlaps(a, b)).toBe(overlaps(b, a));
        expect(overlaps(a, b)).toBe(includesAddress(a, b.base) || includesAddress(b, a.base));
      }),
    );
  });

  it('is false for neighbours', () => {
    fc.assert(
      fc.property(cidr, (a) => {
        fc.pre(endOf(a) < 2 ** 32);
        expect(overlaps(a, { base: endOf(a), prefixLength: a.prefixLength })).toBe(false);
      }),
    );
  });
});

describe(parseNetworkCidr, () => {
  it.each([
    ['10.80.3.77/24', '10.80.3.0/24'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['192.168.1.4/30', '192.168.1.4/30'],
    ['100.64.0.0/10', '100.64.0.0/10'],
    ['172.31.0.0/16', '172.31.0.0/16'],
  ])('normalises %s to %s', (text, expected) => {
    expect(formatCidr(parseNetworkCidr(text))).toBe(expected);
  });

  it.each([
    '',
    'ten',
    '10.0.0.0',
    '10.0.0.0/7',
    '10.0.0.0/31',
    '10.0.0.0/33',
    '8.8.8.0/24',
    '172.32.0.0/16',
    '169.254.0.0/16',
    '127.0.0.0/24',
    '10.0.0.0/024',
    'fd00::/8',
    '10.0.0.999/24',
  ])('refuses %j as a malformed address', (text) => {
    expect(() => parseNetworkCidr(text)).toThrow(expect.objectContaining({ code: 'MALFORMED_ADDRESS' }));
  });

  it('accepts private ranges only', () => {
    fc.assert(
      fc.property(cidr, (value) => {
        fc.pre(value.prefixLength <= 30);
        const accepted = (() => {
          try {
            parseNetworkCidr(formatCidr(value));
            return true;
          } catch {
            return false;
          }
        })();
        expect(accepted).toBe(isPrivate(value));
      }),
    );
  });
});
