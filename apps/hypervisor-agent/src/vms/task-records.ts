import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { PublishedDomainEvent } from '../hypervisor/published-kinds.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { isMissing } from '../work/missing-file.js';
import { GuestFolders } from './guest-folders.js';

const TaskRecord = z.object({ operationId: z.string(), isDone: z.boolean() });
type TaskRecord = z.infer<typeof TaskRecord>;

/** The guest is another than before: it was reset, or it went off and was started. */
const isNewBoot = (event: PublishedDomainEvent): boolean =>
  event.kind === 'reboot' || (event.kind === 'lifecycle' && event.event === 'started');

/**
 * What a guest was asked to restart for, and whether libvirt has told since that it did. A record stands beside the
 * agent's socket of the VM: it outlives this process and goes with the VM. What libvirt tells while no agent runs is
 * heard by nobody; then the guest is asked again, for its restart was never confirmed.
 */
@Injectable()
export class TaskRecords {
  /** Of this process: all that libvirt has told since is in them. */
  private readonly records = new Map<string, TaskRecord>();
  private readonly writes = new KeyedQueue();

  constructor(
    hypervisor: Hypervisor,
    private readonly folders: GuestFolders,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    hypervisor.on('domainEvent', (event) => {
      const vmId = vmIdOfDomain(event);
      if (vmId === undefined) return;
      if (event.kind === 'lifecycle' && event.event === 'undefined') this.records.delete(vmId);
      else if (isNewBoot(event)) this.confirmLater(vmId);
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
    return (this.records.get(vmId) ?? (await this.read(vmId)))?.operationId === operationId;
  }

  isDone(vmId: string, operationId: string): boolean {
    const record = this.records.get(vmId);
    return record?.operationId === operationId && record.isDone;
  }

  /** Remembers it before it asks: the guest may be quicker than the answer. */
  async begin(vmId: string, operationId: string, ask: () => Promise<void>): Promise<void> {
    const record = { operationId, isDone: false };
    this.records.set(vmId, record);
    await this.store(vmId);
    try {
      await ask();
    } catch (error) {
      // Not known to have been asked: it is asked again.
      if (this.records.get(vmId) === record) this.records.delete(vmId);
      throw error;
    }
  }

  /** The guest has restarted. */
  async confirm(vmId: string): Promise<void> {
    const stored = this.records.has(vmId) ? undefined : await this.read(vmId);
    const record = this.records.get(vmId) ?? stored;
    if (record === undefined || record.isDone) return;
    this.records.set(vmId, { ...record, isDone: true });
    await this.store(vmId);
    this.logger.info({ vmId, operationId: record.operationId }, 'the guest has restarted');
  }

  private confirmLater(vmId: string): void {
    this.confirm(vmId).catch((error: unknown) => {
      this.logger.error({ err: error, vmId }, 'the restart of a guest could not be written down');
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
