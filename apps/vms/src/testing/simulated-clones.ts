import {
  DomainError,
  cloneDisk,
  type ErrorCode,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import type { SimulatedVm } from './neighbours.js';
import type { SimulatedSnapshots } from './simulated-snapshots.js';

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

type OnVm = <T>(
  name: string,
  request: { readonly vmId: string; readonly fence: number },
  act: (vm: SimulatedVm) => T,
) => Promise<T>;

/** Disks that the simulated host makes of others. */
export class SimulatedClones {
  /** How often a copy is answered to be incomplete before it is complete; each time it is ten percent further. */
  looksUntilComplete = 0;
  /** What a copy is refused with. */
  refusal: ErrorCode | null = null;
  /** Whose disk was copied, by the VM that it was made for. */
  readonly made = new Map<string, string>();

  constructor(private readonly disks: SimulatedSnapshots) {}

  serve(on: Serve, onVm: OnVm, vmOf: (vmId: string) => SimulatedVm): void {
    on(cloneDisk, (request) =>
      onVm('clone-disk', request, (vm) => {
        const { vmId, sourceVmId, snapshotId } = request;
        if (vm.disk) return { isComplete: true, progressPercent: 100 };
        if (this.refusal !== null) throw new DomainError(this.refusal);
        const source = vmOf(sourceVmId);
        if (!source.disk || source.power === 'running')
          throw new DomainError('CLONE_SOURCE_UNUSABLE', { reason: source.disk ? 'VM_BUSY' : 'DISK_MISSING' });
        if (this.looksUntilComplete > 0) {
          this.looksUntilComplete -= 1;
          return { isComplete: false, progressPercent: Math.max(0, 100 - 10 * (this.looksUntilComplete + 1)) };
        }
        const held =
          snapshotId === null ? this.disks.content.get(sourceVmId) : this.disks.held.get(snapshotId)?.content;
        vm.disk = true;
        vm.disksMade += 1;
        this.disks.content.set(vmId, held ?? 0);
        this.made.set(vmId, sourceVmId);
        return { isComplete: true, progressPercent: 100 };
      }),
    );
  }
}
