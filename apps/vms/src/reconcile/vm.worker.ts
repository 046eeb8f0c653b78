import { DomainError, isRetryable } from '@infinibay/contracts';
import { LOGGER } from '@infinibay/platform-service';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { isGuestInitiated, isOff, plan, type Action, type Observed } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Vm } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { ClaimRepository, type Claim } from './claim.repository.js';
import { HostClient, type Preparation } from './host.client.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile-options.js';
import { VmJournal } from './vm.journal.js';

/** More rounds than any plan has steps: a plan that does not converge must not keep a worker for ever. */
const MOST_ROUNDS = 40;
const WAIT_MS = 1_000;

/** Works on one claimed VM: observe, plan, act, record, repeat. */
@Injectable()
export class VmWorker {
  constructor(
    private readonly claims: ClaimRepository,
    private readonly journal: VmJournal,
    private readonly hosts: HostClient,
    private readonly operations: OperationRepository,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async work(claim: Claim): Promise<void> {
    const operation = await this.operations.findOpen(claim.vmId);
    await runInContext(newServiceContext(operation?.correlationId), async () => {
      const renewal = setInterval(() => void this.claims.renew(claim).catch(() => false), this.options.leaseMs / 3);
      try {
        await this.converge(claim);
      } catch (error) {
        if (error instanceof DomainError && error.code === 'STALE_FENCE')
          this.logger.warn({ vmId: claim.vmId }, 'another worker has taken over');
        else throw error;
      } finally {
        clearInterval(renewal);
      }
    });
  }

  private async converge(claim: Claim): Promise<void> {
    const completed = new Set<Action>();
    const preparation: Preparation = {};
    let current: Action | null = null;
    try {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const vm = await this.journal.read(claim);
        const observed = await this.observe(vm, completed);
        if (await this.followGuest(claim, vm, observed)) continue;
        const next = plan(vm.desired, observed);
        if (next.kind === 'settled') return await this.journal.settle(claim, vm.desired);
        if (next.kind === 'wait') return await this.wait(claim, vm, next.reason);
        current = next.action;
        await this.act(claim, vm, current, preparation);
        completed.add(current);
        current = null;
      }
      throw new DomainError('INTERNAL', { reason: 'the plan does not converge' });
    } catch (error) {
      await this.recordFailure(claim, current, error);
    }
  }

  private async observe(vm: Vm, completed: ReadonlySet<Action>): Promise<Observed & { reason: string }> {
    const { domain, disk } = await this.hosts.inspect(vm);
    return { power: domain?.power ?? null, reason: domain?.reason ?? '', disk: disk !== null, completed };
  }

  /**
   * A running VM that is found off: if the guest powered itself off it is meant to be off;
   * otherwise it failed and is started again. @returns whether the wish changed
   */
  private async followGuest(claim: Claim, vm: Vm, observed: Observed & { reason: string }): Promise<boolean> {
    if (vm.state !== 'RUNNING' || vm.desired !== 'RUNNING' || !isOff(observed.power)) return false;
    if (observed.power === 'off' && isGuestInitiated(observed.reason)) {
      await this.journal.show(claim, 'STOPPED', 'the guest powered off', 'STOPPED');
      return true;
    }
    this.logger.warn(
      { vmId: vm.id, power: observed.power, reason: observed.reason },
      'a running VM was found off; starting it again',
    );
    await this.journal.show(claim, 'STARTING', observed.reason === '' ? 'found off' : observed.reason);
    return false;
  }

  private async act(claim: Claim, vm: Vm, action: Action, preparation: Preparation): Promise<void> {
    await this.journal.stepStarted(claim, action);
    this.failpoint('before', action);
    const started = performance.now();
    await this.hosts.perform(action, vm, claim.fence, preparation);
    this.failpoint('after', action);
    this.logger.info({ vmId: vm.id, action, durationMs: Math.round(performance.now() - started) }, 'step done');
    await this.journal.stepSucceeded(claim, action);
  }

  /** The lease is given back while the guest takes its time; after the grace the shutdown has failed and the VM runs on. */
  private async wait(claim: Claim, vm: Vm, reason: 'starting' | 'shutting-down'): Promise<void> {
    const operation = await this.operations.findOpen(vm.id);
    const waited = operation === null ? 0 : await this.operations.ageMs(operation.id);
    if (reason !== 'shutting-down' || vm.desired !== 'STOPPED' || waited < this.options.shutdownGraceMs) {
      await this.journal.postpone(claim, WAIT_MS);
      return;
    }
    const error = new DomainError(
      'DEADLINE_EXCEEDED',
      {},
      { message: 'The guest did not power off in time; it is still running' },
    );
    await this.journal.abandonShutdown(claim, error);
  }

  private async recordFailure(claim: Claim, action: Action | null, cause: unknown): Promise<void> {
    if (cause instanceof DomainError && cause.code === 'STALE_FENCE') throw cause;
    const error = cause instanceof DomainError ? cause : new DomainError('INTERNAL', {}, { cause });
    const operation = await this.operations.findOpen(claim.vmId);
    const age = operation === null ? 0 : await this.operations.ageMs(operation.id);
    if (!isRetryable(error) || age > this.options.retryLimitMs) {
      this.logger.error({ vmId: claim.vmId, action, err: error }, 'the VM failed');
      await this.journal.fail(claim, action, error);
      return;
    }
    const waitMs = await this.journal.retryLater(claim, action, error);
    this.logger.warn(
      { vmId: claim.vmId, action, code: error.code, details: error.details, err: error.cause, waitMs },
      'step failed; trying again',
    );
  }

  /** Fault tests kill the process at an exact place. */
  private failpoint(when: 'before' | 'after', action: Action): void {
    if (this.options.failpoint === `${when}:${action}`) process.kill(process.pid, 'SIGKILL');
  }
}
