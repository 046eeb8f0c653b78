import { DomainError, attachVm, protectVm, type VmNic } from '@infinibay/contracts';
import { wishedNetworks } from '@infinibay/vms-domain';
import type { VmPort } from '../generated/prisma/client.js';
import { isHopeless } from './attachments.js';
import type { PerformStep, Preparation, StepInput } from './step.js';

/** @throws DomainError what networks answers, and INTERNAL */
export const nicsOf = ({ nics }: Preparation): readonly [VmNic, ...VmNic[]] => {
  const [first, ...others] = nics ?? [];
  if (first === undefined) throw new DomainError('INTERNAL', { reason: 'planned before the network was attached' });
  return [first, ...others];
};

/** In the row of a port, what is about this network. */
export const portIn = (ports: readonly VmPort[], networkId: string | null | undefined): VmPort | undefined =>
  ports.find((port) => port.networkId === networkId);

/**
 * Its ports in all networks in which it has one or shall have one, that of the first one first. One that was still to come,
 * and can't, is given back.
 * @param awaitedNetworkId of a port that somebody waits for, whose failure is told instead
 * @throws DomainError NETWORK_NOT_FOUND, ADDRESSES_EXHAUSTED, STALE_FENCE, HOST_UNAVAILABLE, HYPERVISOR_ERROR
 */
export const ensureNics = async (input: StepInput, networkId: string, awaitedNetworkId?: string): Promise<void> => {
  const { vm, target, ports, requests, preparation } = input;
  const { departmentId, hostId, name: hostname } = vm;
  const nics: VmNic[] = [];
  const refused: string[] = [];
  for (const wished of wishedNetworks({ networkId, rows: ports })) {
    const port = portIn(ports, wished);
    try {
      const request = { ...target, departmentId, networkId: wished, hostId, hostname };
      nics.push((await requests.call(attachVm, request)).nic);
    } catch (error) {
      if (port?.attachment !== 'ATTACHING' || wished === awaitedNetworkId || !isHopeless(error)) throw error;
      refused.push(port.id);
    }
  }
  preparation.nics = nics;
  if (refused.length > 0) preparation.ports = { refused };
};

/** One filter for all of its cards. */
export const protect: PerformStep = async ({ vm, target, requests, preparation }) => {
  const { departmentId, hostId } = vm;
  const nics = nicsOf(preparation).map(({ mac, address }) => ({ mac, address }));
  const reply = await requests.call(protectVm, { ...target, departmentId, hostId, nics });
  if (reply.status === 'FAILED' || reply.status === 'PENDING') {
    throw new DomainError('HYPERVISOR_ERROR', { reason: 'the packet filter is not applied', status: reply.status });
  }
  preparation.filterName = reply.filterName;
  return 'done';
};
