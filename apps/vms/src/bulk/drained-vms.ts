import type { VmState } from '@infinibay/contracts';
import {
  DRAINED_AT_ONCE,
  POWER_CUT,
  drainVerdict,
  isComingUp,
  isPowerCut,
  isUnsettled,
  movesVm,
  type DrainMode,
  type DrainReason,
  type DrainVerdict,
  type Migration,
  type OperationKind,
  type Parameters,
} from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { MigrationRepository } from '../migrations/migration.repository.js';
import { OperationRepository, type OpenOperation } from '../operations/operation.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';
import { VmRepository } from '../vms/vm.repository.js';
import type { Refusal } from './bulk-result.repository.js';

/** A VM as far as a drain looks at it. */
interface Drained {
  readonly state: VmState;
  readonly desired: string;
  readonly hostId: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly purgeAt: Date | null;
  readonly failedAttempts: number;
}

/** What is wanted of VMs, and what is known beside their rows. */
export interface Wanted {
  readonly mode: DrainMode;
  /** The kind of the operation that is open on it. */
  readonly open: string | null;
  /** Why it can't be moved, where that is known. */
  readonly obstacle: DrainReason | null;
}

export const verdictOn = (
  vm: Omit<Drained, 'hostId' | 'failedAttempts'>,
  { mode, open, obstacle }: Wanted,
): DrainVerdict => {
  const { state, desired, errorCode, errorMessage } = vm;
  const error = errorCode === null ? null : { code: errorCode, message: errorMessage ?? errorCode };
  return drainVerdict({ state, isWantedGone: desired === 'DELETED', error, open, obstacle }, mode);
};

/** What a drain does to a VM in the moment in which it is to be asked. */
export type DrainMove =
  | { readonly kind: 'ask'; readonly action: OperationKind }
  /** It will be ready to be asked, or go by itself. */
  | { readonly kind: 'wait'; readonly reason: Refusal }
  /** It is off, gone, or on another host. */
  | { readonly kind: 'done' }
  | { readonly kind: 'refuse'; readonly reason: Refusal }
  /** What somebody has asked of it before goes as far as a drain would: that is waited for. */
  | { readonly kind: 'asked'; readonly operationId: string };

/** A drain, as far as it is asked of one VM. */
export interface DrainOfVm {
  readonly vmId: string;
  /** The host that is drained. */
  readonly hostId: string;
  readonly mode: DrainMode;
  readonly parameters: Parameters;
  /** How long ago the drain was accepted. */
  readonly ageMs: number;
  /** What moving it was refused with. */
  readonly obstacle: DrainReason | null;
}

const ASK: DrainMove = { kind: 'ask', action: 'SHUTDOWN_VM' };
const CUT: DrainMove = { kind: 'ask', action: POWER_CUT };
const MOVE: DrainMove = { kind: 'ask', action: 'MIGRATE_VM' };
const DONE: DrainMove = { kind: 'done' };

const waitFor = (message: string): Extract<DrainMove, { kind: 'wait' }> => ({
  kind: 'wait',
  reason: { code: 'VM_BUSY', message },
});
const LEAVING = waitFor('The virtual machine is being deleted');
const GOING_OFF = waitFor('The virtual machine is going off');
const MOVING = waitFor('The virtual machine is being moved, or has to be cleaned up after it was');
export const NOT_ITS_TURN = waitFor('Other virtual machines leave the host first');
/** At most between two attempts of a start: as backoff.ts has it. */
const LONGEST_WAIT_MS = 10_000;
const NOT_UP = { code: 'VM_BUSY', message: 'The virtual machine is coming up' } as const;

/** VMs of a host that is drained, each looked at anew when its turn comes: between the drain and that they move on. */
@Injectable()
export class DrainedVms {
  constructor(
    private readonly vms: VmRepository,
    private readonly operations: OperationRepository,
    private readonly migrations: MigrationRepository,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
  ) {}

  /** A cheap look, which holds nobody up. */
  async look(drain: DrainOfVm): Promise<DrainMove> {
    // Before its operation: that of one that has arrived meanwhile has ended.
    const migration = await this.migrations.ofVm(drain.vmId);
    const vm = await this.vms.findRow(drain.vmId);
    const open = await this.operations.open(drain.vmId);
    if (migration?.targetHostId === drain.hostId && isArriving(migration, open)) return MOVING;
    const move = this.moveFor(vm, open, drain);
    if (move !== MOVE) return move;
    if (migration !== null) return MOVING;
    return (await this.migrations.countFrom(drain.hostId)) < DRAINED_AT_ONCE ? MOVE : NOT_ITS_TURN;
  }

  /** The same of a VM that is locked by this until the transaction ends. */
  async lock(tx: Transaction, drain: DrainOfVm): Promise<DrainMove> {
    const vm = await this.vms.lock(tx, drain.vmId);
    return this.moveFor(vm, await this.operations.open(drain.vmId, tx), drain);
  }

  /**
   * Whether too many leave the host, once it has been accepted that this one does: hosts are chosen one at a time, so others
   * are accepted before that, or wait.
   * @returns what it does instead; null: it goes
   */
  async instead(tx: Transaction, { hostId }: DrainOfVm): Promise<DrainMove | null> {
    return (await this.migrations.countFrom(hostId, tx)) > DRAINED_AT_ONCE ? NOT_ITS_TURN : null;
  }

  private moveFor(vm: Drained | null, open: OpenOperation | null, drain: DrainOfVm): DrainMove {
    if (vm?.hostId !== drain.hostId) return DONE;
    const { mode, obstacle } = drain;
    const verdict = verdictOn(vm, { mode, obstacle, open: open?.kind ?? null });
    switch (verdict.outcome) {
      case 'NOTHING':
        return DONE;
      case 'DELETION':
        return LEAVING;
      case 'BLOCKED':
        // It may wait for its turn for hours: what comes in between is over by then.
        if (mode !== 'SHUT_DOWN' && open !== null && obstacle === null && vm.state === 'RUNNING')
          return waitFor(`${open.kind} is under way`);
        return { kind: 'refuse', reason: verdict.reason };
      case 'MIGRATE':
        return this.toMigrate(vm, open, drain);
      case 'SHUT_DOWN':
        return this.toShutDown(vm, open, drain);
    }
  }

  private toMigrate(vm: Drained, open: OpenOperation | null, drain: DrainOfVm): DrainMove {
    if (open !== null && movesVm(open.kind)) return { kind: 'asked', operationId: open.id };
    if (isComingUp(vm.state)) return this.whileComingUp(vm, open, drain);
    return open === null ? MOVE : waitFor(`${open.kind} is under way`);
  }

  private toShutDown(vm: Drained, open: OpenOperation | null, drain: DrainOfVm): DrainMove {
    // It may come back from being moved, and run on here.
    if (open !== null && movesVm(open.kind)) return MOVING;
    if (isComingUp(vm.state)) return this.whileComingUp(vm, open, drain);
    // Somebody has asked for that; if nothing comes of it, it is moved.
    if (drain.mode !== 'SHUT_DOWN' && vm.state === 'STOPPING') return GOING_OFF;
    if (open !== null && goesFurther(open, drain)) return { kind: 'asked', operationId: open.id };
    // Its power was to be cut already, and nothing gentler is accepted of it.
    return vm.purgeAt === null ? ASK : CUT;
  }

  /** Who has asked for it to come up is told of the end of that; what comes up by itself may be trying for ever. */
  private whileComingUp(
    { failedAttempts }: Drained,
    open: OpenOperation | null,
    { parameters, ageMs }: DrainOfVm,
  ): DrainMove {
    const graceMs =
      parameters.timeoutSeconds === undefined ? this.options.shutdownGraceMs : parameters.timeoutSeconds * 1_000;
    // A drain may be hours old when a guest that has crashed is started again: that has tried for no longer than this.
    const triedMs = Math.min(ageMs, failedAttempts * LONGEST_WAIT_MS);
    if (open !== null || triedMs <= graceMs + this.options.retryLimitMs) return { kind: 'wait', reason: NOT_UP };
    return parameters.force === true ? CUT : { kind: 'refuse', reason: NOT_UP };
  }
}

/** On its way to here: it is looked at when it has come, or has stayed where it was. */
const isArriving = (migration: Migration, open: OpenOperation | null): boolean =>
  isUnsettled(migration) || (migration.phase === 'CLEANING' && open !== null && movesVm(open.kind));

const goesFurther = (open: OpenOperation, { parameters }: DrainOfVm): boolean =>
  isPowerCut(open.does) || (open.does === 'SHUTDOWN_VM' && open.parameters.force === true && parameters.force !== true);
