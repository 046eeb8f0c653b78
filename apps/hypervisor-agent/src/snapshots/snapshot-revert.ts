import { DomainError, isRetryable } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { RevertRecords, type RevertRecord } from '../vms/revert-records.js';
import { SnapshotFiles } from '../vms/snapshot-files.js';
import { Deadline } from '../work/deadline.js';
import { MemoryLoad } from './memory-load.js';
import { SnapshotChecks, type SnapshotOf } from './snapshot-checks.js';

/** For the memory of a large guest. */
const REVERT_TIMEOUT_MS = 1_800_000;
/** libvirt's word for why a guest stands still while QEMU loads its memory. */
const LOADING = 'starting-up';

type Asked = SnapshotOf & { readonly operationId: string };

/**
 * Brings a VM back to a snapshot. Everything that can refuse it is looked at before a disk is touched, and what is begun is
 * on record until it has ended: half-way the disks are of two times, and the VM is not started.
 */
@Injectable()
export class SnapshotRevert {
  constructor(
    private readonly domains: DomainRepository,
    private readonly checks: SnapshotChecks,
    private readonly files: SnapshotFiles,
    private readonly records: RevertRecords,
    private readonly memory: MemoryLoad,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @returns whether it has come about; false while libvirt is at it for an agent before this one
   * @throws DomainError REVERT_UNFINISHED for whatever is final, while one that began has not ended
   */
  async revert(asked: Asked): Promise<boolean> {
    const deadline = Deadline.after(REVERT_TIMEOUT_MS);
    try {
      return await this.attempt(asked, deadline);
    } catch (error) {
      if (!(error instanceof DomainError) || isRetryable(error) || error.code === 'REVERT_UNFINISHED') throw error;
      const last = await this.records.last(asked.vmId);
      if (last === undefined || last.isDone) throw error;
      throw new DomainError('REVERT_UNFINISHED', { ...about(asked), reason: error.code }, { cause: error });
    }
  }

  private async attempt(asked: Asked, deadline: Deadline): Promise<boolean> {
    const { vmId, operationId, snapshotId, withMemory } = asked;
    const domain = await this.domains.get(vmId, deadline);
    const last = await this.records.last(vmId);
    const isOwn = last?.operationId === operationId;
    if (isOwn && last.isDone) return true;
    const observed = await this.domains.observe(vmId, deadline);
    const { power = 'off', reason = '' } = observed ?? {};
    // Begun by an agent that has died since: nothing else lets a VM run whose revert has not ended.
    const isAnothers = isOwn && withMemory && !isOff(power);
    if (isAnothers && power === 'paused' && reason === LOADING) return false;
    if (!isAnothers) {
      if (!isOff(power)) throw new DomainError('VM_BUSY', { vmId, power });
      await this.checks.requireReachable(domain, asked, deadline);
      // It would be brought back onto disks of another time.
      await this.domains.requireNoSavedMemory(vmId, deadline);
      await this.goBack(domain, asked, deadline);
    }
    await this.records.keep(vmId, { operationId, snapshotId, isDone: true });
    // Deleted meanwhile.
    if ((await this.domains.find(vmId, deadline)) === undefined) await this.records.forget(vmId);
    this.logger.info({ vmId, snapshotId, operationId, withMemory }, 'the VM was reverted to a snapshot');
    return true;
  }

  private async goBack(domain: Domain, asked: Asked, deadline: Deadline): Promise<void> {
    const { vmId, operationId, snapshotId, volumeIds, withMemory } = asked;
    const paths = this.files.pathsOf(vmId, volumeIds);
    const before = await this.records.last(vmId);
    const versions = await this.versionsOf(paths);
    deadline.check();
    await this.records.keep(vmId, { operationId, snapshotId, isDone: false });
    try {
      if (withMemory) await this.memory.load(domain, vmId, snapshotId, deadline);
      else for (const path of paths) await this.files.goBack(path, snapshotId, deadline);
    } catch (error) {
      await this.keepUnlessUntouched(asked, before, versions, error, deadline);
      throw unfinished(asked, error);
    }
  }

  /** What was refused before any disk was written leaves the VM as it was: it may be started. @throws the failure then */
  private async keepUnlessUntouched(
    { vmId, operationId, snapshotId, volumeIds }: Asked,
    before: RevertRecord | undefined,
    versions: readonly string[],
    failure: unknown,
    deadline: Deadline,
  ): Promise<void> {
    this.logger.error({ err: failure, vmId, operationId, snapshotId }, 'a revert to a snapshot failed');
    // What was not answered may still be going on, and what was half done before is not whole now.
    if (mayGoOn(failure) || (before !== undefined && !before.isDone)) return;
    const observed = await this.domains.observe(vmId, deadline).catch(() => undefined);
    if (observed === undefined || !isOff(observed.power)) return;
    const now = await this.versionsOf(this.files.pathsOf(vmId, volumeIds)).catch(() => []);
    if (now.length !== versions.length || now.some((version, at) => version !== versions[at])) return;
    if (before === undefined) await this.records.forget(vmId);
    else await this.records.keep(vmId, before);
    throw failure;
  }

  private versionsOf(paths: readonly string[]): Promise<string[]> {
    return Promise.all(paths.map((path) => this.files.versionOf(path)));
  }
}

const about = ({ vmId, snapshotId }: Asked) => ({ vmId, snapshotId });

/** libvirt's and QEMU's refusals are final; whatever passes is tried again by who asked. */
const unfinished = (asked: Asked, cause: unknown): unknown =>
  cause instanceof DomainError && cause.code === 'HYPERVISOR_ERROR'
    ? new DomainError('REVERT_UNFINISHED', about(asked), { cause })
    : cause;

const mayGoOn = (failure: unknown): boolean =>
  !(failure instanceof DomainError) ||
  failure.code === 'DEADLINE_EXCEEDED' ||
  failure.code === 'HOST_UNAVAILABLE' ||
  failure.code === 'VM_UNRESPONSIVE';
