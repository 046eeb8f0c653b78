import { DomainError, isPlainDhcpHostname, type NetworkSpec } from '@infinibay/contracts';
import { element, renderXml, type XmlElement } from './xml-element.js';

export type DhcpReservation = NetworkSpec['reservations'][number];

/**
 * Whether libvirt and its DHCP server can hold the hostnames of the reservations. libvirt (9.0) writes them into its XML
 * as they are, and can't read markup again; dnsmasq takes words such as `ignore` or `60` for orders.
 * @throws DomainError INVALID_INPUT
 */
export const requireHostnames = ({ reservations }: Pick<NetworkSpec, 'reservations'>): void => {
  const refused = reservations.find(({ hostname }) => hostname !== null && !isPlainDhcpHostname(hostname));
  if (refused === undefined) return;
  throw new DomainError('INVALID_INPUT', { reason: 'not a hostname', mac: refused.mac, hostname: refused.hostname });
};

/** A NAT network whose DHCP server answers its reservations only. Its UUID is the network's id. */
export const networkXml = (spec: NetworkSpec): string =>
  renderXml(
    element(
      'network',
      {},
      element('name', {}, spec.name),
      element('uuid', {}, spec.networkId),
      element('forward', { mode: 'nat' }),
      element('bridge', { name: spec.bridge, stp: 'off', delay: 0 }),
      element('mac', { address: spec.mac }),
      element(
        'ip',
        { address: spec.gateway, prefix: spec.prefixLength },
        element('dhcp', {}, ...spec.reservations.map(hostElement)),
      ),
    ),
  );

/** One reservation, in the form that a live update of a network takes. */
export const dhcpHostXml = (reservation: DhcpReservation): string => renderXml(hostElement(reservation));

const hostElement = ({ mac, hostname, address }: DhcpReservation): XmlElement =>
  element('host', { mac, name: hostname ?? undefined, ip: address });
