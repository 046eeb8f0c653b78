import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { capacityOf, gatewayOf, lowestFreeAddress } from './address-allocation.js';
import { encloses, includesAddress, overlaps, parseNetworkCidr, endOf, type Cidr } from './cidr.js';
import { bridgeName, libvirtNetworkName, macOfBridge, macOfPort } from './host-names.js';
import { chooseSubnet, chooseSubnetUpTo } from './subnet-choice.js';

const smallNetwork = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 30 }))
  .map(([octet, prefix]) => parseNetworkCidr(`10.80.${octet}.0/${prefix}`));

describe(lowestFreeAddress, () => {
  it('hands out each address once, never the network, the gateway or the broadcast, until the network is full', () => {
    fc.assert(
      fc.property(smallNetwork, (cidr) => {
        const taken = new Set<number>();
        for (let address = lowestFreeAddress(cidr, taken); address !== null; address = lowestFreeAddress(cidr, taken)) {
          expect(taken.has(address)).toBe(false);
          expect(includesAddress(cidr, address)).toBe(true);
          expect([cidr.base, gatewayOf(cidr), endOf(cidr) - 1]).not.toContain(address);
          taken.add(address);
        }
        expect(taken.size).toBe(capacityOf(cidr));
      }),
      { numRuns: 20 },
    );
  });

  it('gives a freed address again', () => {
    const cidr = parseNetworkCidr('192.168.0.0/29');
    const all = [2, 3, 4, 5, 6].map((offset) => cidr.base + offset);
    expect(lowestFreeAddress(cidr, new Set(all))).toBeNull();
    expect(lowestFreeAddress(cidr, new Set(all.filter((address) => address !== cidr.base + 4)))).toBe(cidr.base + 4);
  });
});

describe(chooseSubnet, () => {
  const pool = parseNetworkCidr('10.80.0.0/20');
  const within = fc
    .tuple(fc.integer({ min: 0, max: 4_095 }), fc.integer({ min: 21, max: 30 }))
    .map(([offset, prefixLength]): Cidr => {
      const base = pool.base + offset;
      return { base: base - (base % 2 ** (32 - prefixLength)), prefixLength };
    });

  it('finds a free range exactly when there is one', () => {
    fc.assert(
      fc.property(fc.array(within, { maxLength: 12 }), fc.integer({ min: 21, max: 28 }), (taken, prefixLength) => {
        const chosen = chooseSubnet(pool, prefixLength, taken);
        const size = 2 ** (32 - prefixLength);
        const candidates = Array.from({ length: 4_096 / size }, (_, index): Cidr => ({
          base: pool.base + index * size,
          prefixLength,
        }));
        const first = candidates.find((candidate) => !taken.some((other) => overlaps(candidate, other)));
        expect(chosen).toEqual(first ?? null);
        if (chosen !== null) expect(encloses(pool, chosen)).toBe(true);
      }),
    );
  });

  it('has no room for a range larger than the pool', () => {
    expect(chooseSubnet(pool, 19, [])).toBeNull();
  });
});

describe(chooseSubnetUpTo, () => {
  const pool = parseNetworkCidr('10.80.0.0/23');

  it('gives the wanted size while there is room, then smaller ones down to /28, then nothing', () => {
    const taken: Cidr[] = [parseNetworkCidr('10.80.1.128/25')];
    const prefixes: number[] = [];
    for (
      let one = chooseSubnetUpTo(pool, 24, taken, 1_024);
      one !== null;
      one = chooseSubnetUpTo(pool, 24, taken, 1_024)
    ) {
      taken.push(one);
      prefixes.push(one.prefixLength);
    }
    expect(prefixes).toEqual([24, 25]);
    expect(chooseSubnetUpTo(pool, 24, taken.slice(0, 2), 100)?.prefixLength).toBe(26);
    expect(chooseSubnetUpTo(pool, 24, taken.slice(0, 2), 15)).toBeNull();
  });

  it('keeps to a wanted size that is smaller than /28', () => {
    expect(chooseSubnetUpTo(pool, 30, [], 1_024)?.prefixLength).toBe(30);
  });
});

describe('names on the host', () => {
  it('fit into what Linux and libvirt allow', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(), (id, attempt) => {
        expect(bridgeName(id)).toMatch(/^ib[0-9a-f]{12}$/);
        expect(libvirtNetworkName(id).length).toBeLessThanOrEqual(63);
        expect(macOfPort(id, attempt)).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
        expect(macOfPort(id, attempt)).toBe(macOfPort(id, attempt));
        expect(macOfBridge(id)).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
      }),
    );
  });

  it('give another MAC at the next attempt', () => {
    const id = '0196f5a0-0000-7000-8000-0000000000c1';
    expect(new Set([0, 1, 2, 3].map((attempt) => macOfPort(id, attempt))).size).toBe(4);
  });

  it('differ for ids made in the same moment', () => {
    expect(bridgeName('0196f5a0-0000-7000-8000-0000000000b1')).not.toBe(
      bridgeName('0196f5a0-0000-7000-8000-0000000000b2'),
    );
  });
});
