import {
  ensureSeed,
  type ErrorCode,
  DomainError,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';

type Seed = RequestOf<typeof ensureSeed>;

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

type OnVm = <T>(name: string, request: { readonly vmId: string; readonly fence: number }, act: () => T) => Promise<T>;

/** What the simulated host has for cloud-init in the definitions of its VMs. */
export class SimulatedSeeds {
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
  }

  serve(on: Serve, onVm: OnVm): void {
    on(ensureSeed, (request) =>
      onVm('ensure-seed', request, () => {
        if (this.refusal !== null) throw new DomainError(this.refusal);
        this.seeds.set(request.vmId, request);
        return { written: true };
      }),
    );
  }
}
