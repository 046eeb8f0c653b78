import type { DhcpReservation } from '@infinibay/libvirt-xml';

export interface ReservationDiff {
  readonly remove: readonly DhcpReservation[];
  readonly add: readonly DhcpReservation[];
}

/** What turns one list of reservations into another. One that differs in anything is removed and added. */
export const reservationDiff = (
  have: readonly DhcpReservation[],
  want: readonly DhcpReservation[],
): ReservationDiff => {
  const had = new Set(have.map(keyOf));
  const wanted = new Set(want.map(keyOf));
  return {
    remove: have.filter((reservation) => !wanted.has(keyOf(reservation))),
    add: want.filter((reservation) => !had.has(keyOf(reservation))),
  };
};

const keyOf = ({ mac, address, hostname }: DhcpReservation): string => `${mac} ${address} ${hostname ?? ''}`;
