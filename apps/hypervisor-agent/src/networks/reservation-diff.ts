import type { DhcpReservation } from '@infinibay/libvirt-xml';

export interface ReservationDiff {
  readonly remove: readonly DhcpReservation[];
  readonly add: readonly DhcpReservation[];
}

/** What turns one list of reservations into another. One that differs in anything is removed and added. */
export const reservationDiff = (
  actual: readonly DhcpReservation[],
  desired: readonly DhcpReservation[],
): ReservationDiff => {
  const actualKeys = new Set(actual.map(keyOf));
  const desiredKeys = new Set(desired.map(keyOf));
  return {
    remove: actual.filter((reservation) => !desiredKeys.has(keyOf(reservation))),
    add: desired.filter((reservation) => !actualKeys.has(keyOf(reservation))),
  };
};

const keyOf = ({ mac, address, hostname }: DhcpReservation): string => `${mac} ${address} ${hostname ?? ''}`;
