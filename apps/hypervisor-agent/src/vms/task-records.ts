import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { DomainRepository } from '../domains/domain.repository.js';
import type { PublishedDomainEvent } from '../hypervisor/published-kinds.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { Deadline } from '../work/deadline.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { isMissing } from '../work/missing-file.js';
import { VmGate } from '../work/vm-gate.js';
import { GuestFolders } from './guest-folders.js';

const LOOK_MS = 10_000;

const TaskRecord = z.object({
  operationId: z.string(),
  isDone: z.boolean(),
  /** Agents before the reset knew one only. */
  kind: z.enum(['reboot', 'reset']).default('reboot'),
  /** The guest was stopped for it, and is to run on. */
  isHeld: z.boolean().default(false),
});
export type TaskRecord = z.infer<typeof TaskRecord>;

/** Whoever stopped the guest: it runs. */
const isRunning = (event: PublishedDomainEvent): boolean =>
  event.kind === 'lifecycle' && (event.event === 'started' || event.event === 'resumed');

/** The guest is another than before: it was reset, or it went off and was started. */
const isNewBoot = (event: PublishedDomainEvent): boolean =>
  event.kind === 'reboot' || (event.kind === 'lifecycle' && event.event === 'started');

/**
 * What was last done once to a guest, for which operation, and whether it has come about. A record stands beside the
 * agent's socket of the VM: it outlives this process and goes with the VM. That a guest restarted is told by libvirt
 * alone; what it tells while no agent runs is heard by nobody, and then the guest is asked again. A reset is done when its
 * call returns (VmRestartHandlers).
 */
@Injectable()
export class TaskRecords {
  /** Of this process: all that libvirt has told since is in them. */
  private readonly records = new Map<string, TaskRecord>();
  private readonly writes = new KeyedQueue();

  constructor(
    hypervisor: Hypervisor,
    private readonly gate: VmGate,
    private readonly domains: DomainRepository,
    private readonly folders: GuestFolders,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    hypervisor.on('domainEvent', (event) => {
      const vmId = vmIdOfDomain(event);
      if (vmId === undefined) return;
      if (event.kind === 'lifecycle' && event.event === 'undefined') this.records.delete(vmId);
      if (isNewBoot(event)) this.later(vmId, this.confirm(vmId));
      if (isRunning(event)) this.later(vmId, this.releaseIfRunning(vmId));
    });
  }

  /** The guest was asked by this process, or has restarted already: it is not to be asked again. */
  async isUnderWay(vmId: string, operationId: string): Promise<boolean> {
    if (this.records.get(vmId)?.operationId === operationId) return true;
    const stored = await this.read(vmId);
    if (stored?.operationId !== operationId || !stored.isDone) return false;
    this.records.set(vmId, stored);
    return true;
  }

  /** It was asked, by this process or by an earlier one. */
  async isKnown(vmId: string, operationId: string): Promise<boolean> {
    return (await this.last(vmId))?.operationId === operationId;
  }

  isDone(vmId: string, operationId: string): boolean {
    const record = this.records.get(vmId);
    return record?.operationId === operationId && record.isDone;
  }

  /** Remembers it before it asks: the guest may be quicker than the answer. */
  async begin(vmId: string, operationId: string, ask: () => Promise<void>): Promise<void> {
    const record: TaskRecord = { operationId, isDone: false, kind: 'reboot', isHeld: false };
    await this.keep(vmId, record);
    try {
      await ask();
    } catch (error) {
      // Not known to have been asked: it is asked again.
      if (this.records.get(vmId) === record) this.records.delete(vmId);
      throw error;
    }
  }

  /** The guest has restarted. */
  confirm(vmId: string): Promise<void> {
    return this.amend(vmId, (record) => {
      if (record.kind !== 'reboot' || record.isDone) return record;
      this.logger.info({ vmId, operationId: record.operationId }, 'the guest has restarted');
      return { ...record, isDone: true };
    });
  }

  /** The guest runs again, or is another one. */
  release(vmId: string): Promise<void> {
    return this.amend(vmId, (record) => (record.isHeld ? { ...record, isHeld: false } : record));
  }

  /**
   * An event tells that the guest ran when it was sent, and may come when the guest is held already. So it is looked at in turn
   * with whoever holds it: when this process ends before, the record still says so, and the next one lets the guest run on.
   */
  private releaseIfRunning(vmId: string): Promise<void> {
    return this.gate.unfenced(vmId, async () => {
      if (!(await this.isHeld(vmId))) return;
      const seen = await this.domains.observe(vmId, Deadline.after(LOOK_MS));
      if (seen?.power === 'running') await this.release(vmId);
    });
  }

  /** The guest was stopped for a reset by us, and nobody has let it run on yet. */
  async isHeld(vmId: string): Promise<boolean> {
    return (await this.last(vmId))?.isHeld ?? false;
  }

  /** What was last done to the guest, as this process or an earlier one has put it down. */
  async last(vmId: string): Promise<TaskRecord | undefined> {
    const stored = this.records.has(vmId) ? undefined : await this.read(vmId);
    return this.records.get(vmId) ?? stored;
  }

  async keep(vmId: string, record: TaskRecord): Promise<void> {
    this.records.set(vmId, record);
    await this.store(vmId);
  }

  /** @param change answers the same record when there is nothing to write */
  private async amend(vmId: string, change: (record: TaskRecord) => TaskRecord): Promise<void> {
    const stored = this.records.has(vmId) ? undefined : await this.read(vmId);
    const record = this.records.get(vmId) ?? stored;
    const changed = record && change(record);
    if (changed !== undefined && changed !== record) return this.keep(vmId, changed);
    // An event may have brought the news before: it is written when this returns.
    await this.writes.run(vmId, () => Promise.resolve());
  }

  private later(vmId: string, write: Promise<void>): void {
    write.catch((error: unknown) => {
      this.logger.error({ err: error, vmId }, 'what became of a guest could not be written down');
    });
  }

  /** One write at a time for a VM, each of what is known then; renamed, so that a crash leaves the old or the new. */
  private store(vmId: string): Promise<void> {
    return this.writes.run(vmId, async () => {
      const record = this.records.get(vmId);
      if (record === undefined) return;
      const file = this.fileOf(vmId);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${file}.new`, file);
    });
  }

  /** undefined: there is none, or none that can be read. */
  private async read(vmId: string): Promise<TaskRecord | undefined> {
    try {
      return TaskRecord.parse(JSON.parse(await readFile(this.fileOf(vmId), 'utf8')));
    } catch (error) {
      if (!isMissing(error))
        this.logger.warn({ err: error, vmId }, 'the record of a restart is damaged; the guest is asked again');
      return undefined;
    }
  }

  private fileOf(vmId: string): string {
    return join(dirname(this.folders.agentSocket(vmId)), 'task.json');
  }
}
