import { DomainError, attachVm, detachVm, findPorts, keepPort, selectNetwork } from '@infinibay/contracts';
import { PORT, type OnVm, type Serve } from './simulated-links.js';

/** A card that another network than the oldest one gives. */
const cardIn = (networkId: string): { readonly portId: string; readonly mac: string } => ({
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
    const card = (networkId: string) => (networkId === oldestNetworkId ? PORT : cardIn(networkId));
    on(findPorts, ({ vmId }) => {
      const ports = this.of(vmId).map(([networkId]) => card(networkId));
      // One whose port others gave, before these came.
      return Promise.resolve({ ports: ports.length === 0 ? [PORT] : ports });
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
        return { nic: { ...card(networkId), networkId, address: '10.80.0.10', networkName: 'net' } };
      }),
    );
    on(keepPort, (request) =>
      onVm('keep-port', request, () => {
        const { vmId, networkId } = request;
        this.ofVms.set(vmId, new Map(this.of(vmId).filter(([one]) => one === networkId)));
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
