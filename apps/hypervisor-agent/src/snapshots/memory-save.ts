import { DomainError } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import type { Deadline } from '../work/deadline.js';
import { SnapshotChecks } from './snapshot-checks.js';

/** For the memory of a large guest: it stands still meanwhile. */
const SAVE_TIMEOUT_MS = 1_800_000;
/** libvirt's word for why a guest stands still meanwhile. */
const HELD_FOR_SAVE = 'save';

/** Memory of guests that are off, which libvirt keeps and brings back at the next start of each. */
@Injectable()
export class MemorySave {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly checks: SnapshotChecks,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns whether it has come about: false when an agent before this one is still at it */
  async begin(vmId: string, deadline: Deadline): Promise<{ readonly work: Promise<boolean> }> {
    const domain = await this.domains.get(vmId, deadline);
    const { power = 'off', reason = '' } = (await this.domains.observe(vmId, deadline)) ?? {};
    if (isOff(power)) {
      if (!(await this.isWhole(domain, deadline))) throw new DomainError('NOTHING_TO_SAVE', { vmId, power });
      return { work: Promise.resolve(true) };
    }
    if (power !== 'running' && power !== 'paused') throw new DomainError('VM_BUSY', { vmId, power });
    // libvirt goes on with it when who asked for it has died; when it has died itself, nobody does.
    const isHeld = power === 'paused' && reason === HELD_FOR_SAVE;
    if (isHeld && (await this.isUnderWay(domain, deadline))) return { work: Promise.resolve(false) };
    await this.checks.requireRoomForMemory(vmId, deadline);
    deadline.check();
    return { work: this.save(domain, vmId) };
  }

  /** Whether it is off, and can be brought back where it was. */
  async isKept(vmId: string, deadline: Deadline): Promise<boolean> {
    const domain = await this.domains.get(vmId, deadline);
    return isOff(await this.domains.power(domain, deadline)) && (await this.isWhole(domain, deadline));
  }

  /** @returns whether there was any */
  async discard(vmId: string, deadline: Deadline): Promise<boolean> {
    const domain = await this.domains.get(vmId, deadline);
    if (!(await this.has(domain, deadline))) return false;
    await this.hypervisor.use('discard-saved-memory', () =>
      domain.removeManagedSave({ timeoutMs: deadline.timeoutMs() }),
    );
    this.logger.info({ vmId }, 'saved memory thrown away');
    return true;
  }

  private async save(domain: Domain, vmId: string): Promise<boolean> {
    const started = performance.now();
    await this.hypervisor.use('save-domain', () => domain.managedSave({ timeoutMs: SAVE_TIMEOUT_MS }));
    this.logger.info({ vmId, durationMs: Math.round(performance.now() - started) }, 'memory saved');
    return true;
  }

  private has(domain: Domain, deadline: Deadline): Promise<boolean> {
    return this.domains.hasSavedMemory(domain.uuid, deadline);
  }

  /** What libvirt died over is a file all the same, which it does not read. */
  private async isWhole(domain: Domain, deadline: Deadline): Promise<boolean> {
    if (!(await this.has(domain, deadline))) return false;
    try {
      await this.hypervisor.use('read-saved-memory', () => domain.managedSaveXml({ timeoutMs: deadline.timeoutMs() }));
      return true;
    } catch (error) {
      const code = libvirtCodeOf(error);
      // The test driver keeps nothing that could be damaged.
      if (code === 'NO_SUPPORT') return true;
      if (code === 'OPERATION_FAILED' || code === 'INTERNAL_ERROR') return false;
      throw error;
    }
  }

  private async isUnderWay(domain: Domain, deadline: Deadline): Promise<boolean> {
    const { kind } = await this.hypervisor.use('read-job', () => domain.jobStats({ timeoutMs: deadline.timeoutMs() }));
    return kind !== 'none';
  }
}
