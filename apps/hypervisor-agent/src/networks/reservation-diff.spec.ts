import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DhcpReservation } from '@infinibay/libvirt-xml';
import { reservationDiff } from './reservation-diff.js';

const reservation = fc.record({
  mac: fc.constantFrom('52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'),
  address: fc.constantFrom('10.80.0.2', '10.80.0.3', '10.80.0.4'),
  hostname: fc.constantFrom(null, 'a', 'b'),
});
const list = fc.uniqueArray(reservation, { selector: ({ mac }) => mac });
const sorted = (reservations: readonly DhcpReservation[]): string[] =>
  reservations.map((one) => JSON.stringify(one)).sort();

describe('reservationDiff', () => {
  it('turns any list into any other', () => {
    fc.assert(
      fc.property(list, list, (have, want) => {
        const { remove, add } = reservationDiff(have, want);
        const gone = new Set(remove);
        expect(sorted([...have.filter((one) => !gone.has(one)), ...add])).toEqual(sorted(want));
      }),
    );
  });

  it('touches nothing that stays as it is', () => {
    fc.assert(
      fc.property(list, (same) => {
        expect(
          reservationDiff(
            same,
            same.map((one) => ({ ...one })),
          ),
        ).toEqual({ remove: [], add: [] });
      }),
    );
  });
});
