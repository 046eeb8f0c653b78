import { DomainError, attachPort, detachPort, findNics, keepPorts, type VmNic } from '@infinibay/contracts';
import { keptNetworks } from '@infinibay/vms-domain';
import type { VmPort } from '../generated/prisma/client.js';
import { linkOfCard, type Cards } from '../vms/vm-spec.js';
import { attachEach, defineEach, detachEach } from './attachments.js';
import { ensureNics, nicsOf, portIn, protect } from './nics.js';
import type { PerformStep, StepInput, StepOutcome } from './step.js';

const firstNetworkOf = ({ vm }: StepInput): string => {
  if (vm.networkId === null) throw new DomainError('INTERNAL', { reason: 'ports of a VM without a network' });
  return vm.networkId;
};

const awaitedIn = (awaited: string | undefined) =>
  awaited === undefined ? null : ({ networkId }: VmPort): boolean => networkId === awaited;

const nicIn = ({ preparation }: StepInput, networkId: string | null): VmNic | undefined =>
  nicsOf(preparation).find((nic) => nic.networkId === networkId);

/** Networks has given it its port, and the firewall the filter. */
const plugIn =
  (input: StepInput) =>
  async (port: VmPort): Promise<void> => {
    const { target, requests, on, preparation } = input;
    const { filterName = null } = preparation;
    const nic = nicIn(input, port.networkId);
    // It was refused just before.
    if (nic === undefined) throw new DomainError('PORT_BUSY', { networkId: port.networkId });
    const linkState = linkOfCard(input.vm, nic.mac, nicIn(input, port.replacesNetworkId)?.mac);
    await requests.call(attachPort, { ...target, nic, slot: port.slot, filterName, linkState }, on);
  };

/** Of ports that came in the place of others. */
const replacingCards = (input: StepInput, ids: readonly string[]): Cards[] =>
  input.ports
    .filter(({ id }) => ids.includes(id))
    .flatMap(({ networkId, replacesNetworkId }) => {
      const [got, had] = [nicIn(input, networkId), nicIn(input, replacesNetworkId)];
      return got === undefined || had === undefined ? [] : [{ got: got.mac, had: [had.mac] }];
    });

const attach = async (input: StepInput, awaited: string | undefined): Promise<StepOutcome> => {
  const { ports, preparation } = input;
  const port = portIn(ports, awaited);
  const isLost = port === undefined || port.attachment === 'DETACHING';
  // A start in between has found out that it can't be had.
  if (awaited !== undefined && awaited !== input.vm.networkId && isLost)
    throw new DomainError('PORT_BUSY', { networkId: awaited, reason: 'it could not be plugged in' });
  if (ports.every(({ attachment }) => attachment !== 'ATTACHING')) return 'done';
  await ensureNics(input, firstNetworkOf(input), awaited);
  const refusedByNetworks = preparation.ports?.refused ?? [];
  await protect(input);
  const items = ports.filter(({ id }) => !refusedByNetworks.includes(id));
  const { moved, refused, outcome } = await attachEach({ items, isAwaited: awaitedIn(awaited) }, plugIn(input));
  const cards = replacingCards(input, moved);
  preparation.ports = { attached: moved, refused: [...refusedByNetworks, ...refused], cards };
  return outcome;
};

/** What a guest and its definition have let go of is freed, with whatever else networks may still have of it. */
const detach = async (input: StepInput, awaited: string | undefined): Promise<StepOutcome> => {
  const { ports, target, requests, on, preparation } = input;
  if (ports.every(({ attachment }) => attachment !== 'DETACHING')) return 'done';
  const { nics } = await requests.call(findNics, { vmId: target.vmId });
  const isAwaited = awaitedIn(awaited);
  const { moved, outcome } = await detachEach({ items: ports, isAwaited }, async ({ networkId }) => {
    const nic = nics.find((one) => one.networkId === networkId);
    // It never had one; or a worker before has freed it.
    return nic === undefined || (await requests.call(detachPort, { ...target, mac: nic.mac }, on)).isDetached;
  });
  const gone = ports.filter(({ id }) => moved.includes(id)).map(({ networkId }) => networkId);
  const networkIds = keptNetworks({ networkId: firstNetworkOf(input), rows: ports }, gone);
  if (gone.length > 0 && networkIds.length > 0) await requests.call(keepPorts, { ...target, networkIds });
  preparation.ports = { detached: moved };
  return outcome;
};

/** First the new one, and when that is recorded, the old one: the VM is never without. */
const change = async (input: StepInput): Promise<StepOutcome> => {
  const { ports, parameters } = input;
  const port = portIn(ports, parameters.portNetworkId);
  if (port?.attachment !== 'ATTACHED') {
    const outcome = await attach(input, parameters.portNetworkId);
    return port === undefined ? outcome : 'pending';
  }
  // A worker before has recorded all of it.
  if (port.replacesNetworkId === null) return 'done';
  return detach(input, port.replacesNetworkId);
};

/**
 * A definition that was just written has the first card alone: the others are put into it. No address is in it by then
 * that networks has not given.
 */
export const defineCards = async (input: StepInput): Promise<void> => {
  const { ports, preparation } = input;
  const [first, ...others] = nicsOf(preparation);
  const networkIds = others.map(({ networkId }) => networkId);
  const further = ports.filter(({ networkId }) => networkId !== first.networkId && networkIds.includes(networkId));
  const refused = await defineEach(further, plugIn(input));
  preparation.ports = { refused: [...(preparation.ports?.refused ?? []), ...refused] };
};

const attachDue: PerformStep = (input) => attach(input, input.parameters.portNetworkId);
const detachDue: PerformStep = (input) => detach(input, input.parameters.portNetworkId);

export const portSteps = { 'attach-port': attachDue, 'detach-port': detachDue, 'change-port': change };
