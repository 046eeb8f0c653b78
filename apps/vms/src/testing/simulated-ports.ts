import { DomainError, attachVm, detachVm, findNics, keepPorts, selectNetwork, type VmNic } from '@infinibay/contracts';
import { PORT, type OnVm, type Serve } from './simulated-links.js';

/** A network beside the oldest one. */
export const FURTHER_NETWORK = '0196f5a0-0000-7000-8000-0000000000b2';

/** A card that another network than the oldest one gives. */
export const cardIn = (networkId: string): { readonly portId: string; readonly mac: string } => ({
  portId: networkId,
  mac: `52:54:00:${[0, 2, 4].map((at) => networkId.slice(at, at + 2)).join(':')}`,
});

/** Cards of VMs, as the networks service gives them: one in each network that is asked for. */
export class SimulatedPorts {
  /** Networks that there are not. */
  readonly missing = new Set<string>();
  /** Networks without a free address. */
  readonly full = new Set<string>();
  private readonly ofVms = new Map<string, Map<string, string>>();

  /** The networks in which a VM has a card, each with its department. */
  of(vmId: string): [networkId: string, departmentId: string][] {
    return [...(this.ofVms.get(vmId) ?? [])];
  }

  serve(on: Serve, onVm: OnVm, oldestNetworkId: string): void {
    const nicIn = (networkId: string): VmNic => {
      const card = networkId === oldestNetworkId ? PORT : cardIn(networkId);
      return { ...card, networkId, address: '10.80.0.10', networkName: 'net' };
    };
    on(findNics, ({ vmId }) => {
      const nics = this.of(vmId).map(([networkId]) => nicIn(networkId));
      // One whose port others gave, before these came.
      return Promise.resolve({ nics: nics.length === 0 ? [nicIn(oldestNetworkId)] : nics });
    });
    on(selectNetwork, ({ networkId }) => {
      if (networkId !== null && this.missing.has(networkId)) throw new DomainError('NETWORK_NOT_FOUND');
      return Promise.resolve({ networkId: networkId ?? oldestNetworkId });
    });
    on(attachVm, (request) =>
      onVm('attach-vm', request, (vm) => {
        const { vmId, networkId, departmentId, hostname } = request;
        if (this.missing.has(networkId)) throw new DomainError('NETWORK_NOT_FOUND');
        if (this.full.has(networkId)) throw new DomainError('ADDRESSES_EXHAUSTED');
        this.ofVms.set(vmId, new Map(this.ofVms.get(vmId)).set(networkId, departmentId));
        Object.assign(vm, { port: true, hostname });
        return { nic: nicIn(networkId) };
      }),
    );
    on(keepPorts, (request) =>
      onVm('keep-ports', request, () => {
        const { vmId, networkIds } = request;
        const has = this.of(vmId);
        this.ofVms.set(vmId, new Map(networkIds.flatMap((id) => has.filter(([one]) => one === id))));
        return {};
      }),
    );
    on(detachVm, (request) =>
      onVm('detach-vm', request, (vm) => {
        this.ofVms.delete(request.vmId);
        vm.port = false;
        return {};
      }),
    );
  }
}
