import { DomainError } from '@infinibay/contracts';

/** No more of one VM. */
export const MAX_PORTS = 8;

/** Of a row about the first port of a VM, which has its place in the definition by being the first. */
export const FIRST_SLOT = 0;

/** One more than a VM may have: what takes the place of another is plugged in before that goes. */
const FURTHER_SLOTS = Array.from({ length: MAX_PORTS }, (_, index) => index + 1);

/** A port of a VM beside its first one; or its first one, when that shall go. A VM has one in a network. */
export interface PortRow {
  readonly id: string;
  readonly networkId: string;
  readonly slot: number;
  readonly attachment: 'ATTACHING' | 'ATTACHED' | 'DETACHING';
  /** The network of the port whose place it takes; null: nobody's. */
  readonly replacesNetworkId: string | null;
  readonly createdAt: Date;
}

export interface PortsOfVm<R extends PortRow = PortRow> {
  /** Of the first port. */
  readonly networkId: string;
  readonly rows: readonly R[];
}

const isLeaving = ({ rows }: PortsOfVm, networkId: string): boolean =>
  rows.some((row) => row.networkId === networkId && row.attachment === 'DETACHING');

const inOrder = (a: PortRow, b: PortRow): number => a.createdAt.getTime() - b.createdAt.getTime() || a.slot - b.slot;

/**
 * What takes the place of a port that goes comes before what the VM has had longest, and what it does not have yet last:
 * as the first one nobody would plug it in any more.
 */
const heirsOf = <R extends PortRow>({ rows }: PortsOfVm<R>, networkId: string): R[] => {
  const rank = ({ replacesNetworkId, attachment }: R): number =>
    attachment === 'ATTACHED' ? 1 + Number(replacesNetworkId === networkId) : 0;
  return rows
    .filter(({ attachment, slot }) => attachment !== 'DETACHING' && slot !== FIRST_SLOT)
    .sort((a, b) => rank(b) - rank(a) || inOrder(a, b));
};

/** The networks in which a VM shall have a port, that of its first one first. */
export const wishedNetworks = (ports: PortsOfVm): string[] => {
  const { networkId } = ports;
  const others = heirsOf(ports, networkId).map((row) => row.networkId);
  return isLeaving(ports, networkId) ? others : [networkId, ...others];
};

/** With those that shall go, and have not yet. @param gone networks of those that have */
export const keptNetworks = (ports: PortsOfVm, gone: readonly string[] = []): string[] => {
  const leaving = ports.rows.filter(({ attachment }) => attachment === 'DETACHING').map(({ networkId }) => networkId);
  return [...wishedNetworks(ports), ...leaving].filter((networkId) => !gone.includes(networkId));
};

/** Which further port becomes the first one, when that is gone; undefined: there is none. */
export const heirOf = <R extends PortRow>(ports: PortsOfVm<R>): R | undefined => heirsOf(ports, ports.networkId)[0];

/** Where a guest has one, and shall have it. */
const settledNetworks = (ports: PortsOfVm): string[] => {
  const attached = ports.rows.filter(({ attachment }) => attachment === 'ATTACHED').map(({ networkId }) => networkId);
  return isLeaving(ports, ports.networkId) ? attached : [ports.networkId, ...attached];
};

/** A change of a port that is not over: both of its ports are about to be something else. */
const isBeingChanged = ({ rows }: PortsOfVm, networkId: string): boolean =>
  rows.some(
    ({ replacesNetworkId, networkId: own }) =>
      replacesNetworkId !== null && (own === networkId || replacesNetworkId === networkId),
  );

const freeSlot = ({ rows }: PortsOfVm): number => {
  const free = FURTHER_SLOTS.find((slot) => rows.every((row) => row.slot !== slot));
  if (free === undefined) throw new DomainError('PORT_LIMIT_REACHED', { maximum: MAX_PORTS });
  return free;
};

const requireNone = (ports: PortsOfVm, networkId: string): void => {
  if (wishedNetworks(ports).includes(networkId)) throw new DomainError('PORT_EXISTS', { networkId });
  if (isLeaving(ports, networkId)) throw new DomainError('PORT_BUSY', { networkId });
};

/**
 * The slot of a port that a VM shall have in a network.
 * @throws DomainError PORT_EXISTS, PORT_BUSY, PORT_LIMIT_REACHED
 */
export const slotOfNewPort = (ports: PortsOfVm, networkId: string): number => {
  requireNone(ports, networkId);
  if (wishedNetworks(ports).length >= MAX_PORTS) throw new DomainError('PORT_LIMIT_REACHED', { maximum: MAX_PORTS });
  return freeSlot(ports);
};

/**
 * The same of one that shall take the place of another.
 * @throws DomainError PORT_NOT_FOUND, PORT_EXISTS, PORT_BUSY, PORT_LIMIT_REACHED
 */
export const slotOfReplacement = (ports: PortsOfVm, fromNetworkId: string, toNetworkId: string): number => {
  if (!keptNetworks(ports).includes(fromNetworkId)) throw new DomainError('PORT_NOT_FOUND');
  if (!settledNetworks(ports).includes(fromNetworkId) || isBeingChanged(ports, fromNetworkId))
    throw new DomainError('PORT_BUSY', { networkId: fromNetworkId });
  requireNone(ports, toNetworkId);
  return freeSlot(ports);
};

/**
 * Whether a port of a VM may go. One that is asked back already, or has not come about yet, may.
 * @throws DomainError PORT_NOT_FOUND, PORT_BUSY, LAST_PORT
 */
export const requireRemovable = (ports: PortsOfVm, networkId: string): void => {
  if (!keptNetworks(ports).includes(networkId)) throw new DomainError('PORT_NOT_FOUND');
  if (isBeingChanged(ports, networkId)) throw new DomainError('PORT_BUSY', { networkId });
  if (settledNetworks(ports).every((one) => one === networkId)) throw new DomainError('LAST_PORT');
};

/** That none comes or goes. @throws DomainError PORT_BUSY */
export const requirePortsAtRest = (rows: readonly PortRow[]): void => {
  for (const { networkId, attachment, replacesNetworkId } of rows)
    if (attachment !== 'ATTACHED' || replacesNetworkId !== null)
      throw new DomainError('PORT_BUSY', { networkId, attachment });
};
