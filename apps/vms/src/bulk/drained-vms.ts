import type { VmState } from '@infinibay/contracts';
import {
  POWER_CUT,
  drainVerdict,
  isComingUp,
  isPowerCut,
  type DrainVerdict,
  type OperationKind,
  type Parameters,
} from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { OperationRepository, type OpenOperation } from '../operations/operation.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';
import { VmRepository } from '../vms/vm.repository.js';
import type { Refusal } from './bulk-result.repository.js';

/** A VM as far as a drain looks at it. */
interface Drained {
  readonly state: VmState;
  readonly desired: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly purgeAt: Date | null;
}

/** @param open the kind of the operation that is open on it */
export const verdictOn = ({ state, desired, errorCode, errorMessage }: Drained, open: string | null): DrainVerdict =>
  drainVerdict({
    state,
    isWantedGone: desired === 'DELETED',
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? errorCode },
    open,
  });

/** What a drain does to a VM in the moment in which it is to be asked. */
export type DrainMove =
  | { readonly kind: 'ask'; readonly action: OperationKind }
  /** It will be ready to be asked, or go by itself. */
  | { readonly kind: 'wait'; readonly reason: Refusal }
  /** It is off, or gone. */
  | { readonly kind: 'done' }
  | { readonly kind: 'refuse'; readonly reason: Refusal }
  /** What somebody has asked of it before goes further than a drain would: that is waited for. */
  | { readonly kind: 'asked'; readonly operationId: string };

/** A drain, as far as it is asked of one VM. */
export interface DrainOfVm {
  readonly vmId: string;
  readonly parameters: Parameters;
  /** How long ago the drain was accepted. */
  readonly ageMs: number;
}

const ASK: DrainMove = { kind: 'ask', action: 'SHUTDOWN_VM' };
const CUT: DrainMove = { kind: 'ask', action: POWER_CUT };
const DONE: DrainMove = { kind: 'done' };
const LEAVING: DrainMove = {
  kind: 'wait',
  reason: { code: 'VM_BUSY', message: 'The virtual machine is being deleted' },
};
const NOT_UP = { code: 'VM_BUSY', message: 'The virtual machine is coming up' } as const;

/** VMs of a host that is drained, each looked at anew when its turn comes: between the drain and that they move on. */
@Injectable()
export class DrainedVms {
  constructor(
    private readonly vms: VmRepository,
    private readonly operations: OperationRepository,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
  ) {}

  /** A cheap look, which holds nobody up. */
  async look(drain: DrainOfVm): Promise<DrainMove> {
    const vm = await this.vms.findRow(drain.vmId);
    return this.moveFor(vm, await this.operations.open(drain.vmId), drain);
  }

  /** The same of a VM that is locked by this until the transaction ends. */
  async lock(tx: Transaction, drain: DrainOfVm): Promise<DrainMove> {
    const vm = await this.vms.lock(tx, drain.vmId);
    return this.moveFor(vm, await this.operations.open(drain.vmId, tx), drain);
  }

  private moveFor(vm: Drained | null, open: OpenOperation | null, drain: DrainOfVm): DrainMove {
    if (vm === null) return DONE;
    const { outcome, reason } = verdictOn(vm, open?.kind ?? null);
    if (outcome === 'NOTHING') return DONE;
    if (outcome === 'DELETION') return LEAVING;
    if (reason !== null) return { kind: 'refuse', reason };
    if (isComingUp(vm.state)) return this.whileComingUp(open, drain);
    if (open !== null && goesFurther(open, drain)) return { kind: 'asked', operationId: open.id };
    // Its power was to be cut already, and nothing gentler is accepted of it.
    return vm.purgeAt === null ? ASK : CUT;
  }

  /** Who has asked for it to come up is told of the end of that; what comes up by itself may be trying for ever. */
  private whileComingUp(open: OpenOperation | null, { parameters, ageMs }: DrainOfVm): DrainMove {
    const graceMs =
      parameters.timeoutSeconds === undefined ? this.options.shutdownGraceMs : parameters.timeoutSeconds * 1_000;
    if (open !== null || ageMs <= graceMs + this.options.retryLimitMs) return { kind: 'wait', reason: NOT_UP };
    return parameters.force === true ? CUT : { kind: 'refuse', reason: NOT_UP };
  }
}

const goesFurther = (open: OpenOperation, { parameters }: DrainOfVm): boolean =>
  isPowerCut(open.kind) || (open.kind === 'SHUTDOWN_VM' && open.parameters.force === true && parameters.force !== true);
