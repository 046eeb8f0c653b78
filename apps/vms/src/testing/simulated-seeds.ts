import { DomainError, ensureSeed, type ErrorCode, type RequestOf } from '@infinibay/contracts';
import { SimulatedCdroms } from './simulated-cdroms.js';
import type { OnVm, Serve } from './simulated-links.js';

type Seed = RequestOf<typeof ensureSeed>;

/** What the simulated host has for cloud-init in the definitions of its VMs, and their CD-ROMs. */
export class SimulatedSeeds {
  readonly cdroms = new SimulatedCdroms();
  private readonly seeds = new Map<string, Seed>();
  /** What the command is refused with. */
  refusal: ErrorCode | null = null;

  /** What cloud-init finds at the next start; null: nothing. */
  of(vmId: string): Seed | null {
    return this.seeds.get(vmId) ?? null;
  }

  /** A definition that is written anew, or forgotten, has none. */
  defined(vmId: string): void {
    this.seeds.delete(vmId);
    this.cdroms.defined(vmId);
  }

  serve(on: Serve, onVm: OnVm): void {
    this.cdroms.serve(on, onVm);
    on(ensureSeed, (request) =>
      onVm('ensure-seed', request, () => {
        if (this.refusal !== null) throw new DomainError(this.refusal);
        this.seeds.set(request.vmId, request);
        return { written: true };
      }),
    );
  }
}
