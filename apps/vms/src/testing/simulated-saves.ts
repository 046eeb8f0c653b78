import {
  DomainError,
  discardSavedMemory,
  inspectSavedMemory,
  saveVm,
  type ErrorCode,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import type { SimulatedVm } from './neighbours.js';

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

type OnVm = <T>(
  name: string,
  request: { readonly vmId: string; readonly fence: number },
  act: (vm: SimulatedVm) => T,
) => Promise<T>;

/** Memory of guests that the simulated host keeps while they are off. */
export class SimulatedSaves {
  /** VMs whose memory is kept. */
  readonly kept = new Set<string>();
  /** VMs that were brought back where they were, each time. */
  readonly restored: string[] = [];
  /** How often a save is answered to be incomplete before it is complete. */
  looksUntilComplete = 0;
  /** Nobody is told whether any is kept. */
  isSilent = false;
  /** What a save is refused with. */
  refusal: ErrorCode | null = null;

  /** @returns libvirt's reason for why it runs */
  started(vmId: string): string {
    if (!this.kept.delete(vmId)) return 'booted';
    this.restored.push(vmId);
    return 'restored';
  }

  serve(on: Serve, onVm: OnVm): void {
    on(saveVm, (request) =>
      onVm('save-vm', request, (vm) => {
        const isOn = vm.power === 'running' || vm.power === 'paused';
        if (!isOn && this.kept.has(request.vmId)) return { isComplete: true };
        if (!isOn) throw new DomainError('NOTHING_TO_SAVE', { vmId: request.vmId });
        if (this.refusal !== null) throw new DomainError(this.refusal);
        if (this.looksUntilComplete > 0) {
          this.looksUntilComplete -= 1;
          return { isComplete: false };
        }
        this.kept.add(request.vmId);
        Object.assign(vm, { power: 'off', reason: 'saved' });
        vm.sizes.powered(false);
        return { isComplete: true };
      }),
    );
    on(inspectSavedMemory, ({ vmId }) => {
      if (this.isSilent) throw new DomainError('HYPERVISOR_ERROR');
      return Promise.resolve({ isSaved: this.kept.has(vmId) });
    });
    on(discardSavedMemory, (request) =>
      onVm('discard-saved-memory', request, () => ({ wasSaved: this.kept.delete(request.vmId) })),
    );
  }
}
