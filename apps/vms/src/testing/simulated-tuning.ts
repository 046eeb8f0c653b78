import {
  defineTunedMachine,
  hostTuningObserved,
  type HostTuning,
  type HugePagePool,
  type RequestOf,
  type VmHardware,
  type VmSpec,
} from '@infinibay/contracts';
import type { ReportPublisher } from '@infinibay/platform-messaging';
import type { SimulatedVm } from './neighbours.js';
import type { OnVm, Serve } from './simulated-links.js';

/** CPUs 0 to 3 on nodes 0 and 1, with these pages on the first. */
export const tuningWith = (hugePages: HugePagePool[] = []): HostTuning => ({
  nodes: [
    { id: 0, cpus: [0, 1], memoryMib: 4_096, hugePages },
    { id: 1, cpus: [2, 3], memoryMib: 4_096, hugePages: [] },
  ],
});

/** The memory and the CPUs of the simulated host that VMs can have. */
export class SimulatedTuning {
  /** null: its agent does not tell. */
  told: HostTuning | null = tuningWith();
  /** What VMs were last defined with, where something was said. */
  readonly made = new Map<string, Pick<RequestOf<typeof defineTunedMachine>, 'tuning' | 'sizes'>>();

  tell(reports: ReportPublisher, hostId: string, sequence: number): void {
    const { told: tuning } = this;
    if (tuning !== null) reports.publishForHost(hostTuningObserved, hostId, { hostId, tuning, sequence });
  }

  /** @param define what any definition does */
  serve(on: Serve, onVm: OnVm, define: (vm: SimulatedVm, spec: VmSpec, hardware: VmHardware) => unknown): void {
    on(defineTunedMachine, ({ fence, spec, hardware, tuning, sizes }) =>
      onVm('define-tuned-machine', { fence, vmId: spec.vmId }, (vm) => {
        define(vm, spec, hardware);
        vm.sizes.resizeDefinition(sizes);
        this.made.set(spec.vmId, { tuning, sizes });
        return {};
      }),
    );
  }
}
