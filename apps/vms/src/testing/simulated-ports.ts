import {
  DomainError,
  attachVm,
  detachVm,
  keepPort,
  selectNetwork,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import { PORT } from './simulated-links.js';

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

/** What of a simulated VM networks knows. */
interface Attached {
  port: boolean;
  hostname?: string;
}

type OnVm = <T>(
  name: string,
  request: { readonly vmId: string; readonly fence: number },
  act: (vm: Attached) => T,
) => Promise<T>;

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
        return {
          nic: { ...PORT, networkId, address: '10.80.0.10', networkName: 'net' },
        };
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
