import type { EventEnvelope } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm, VmSnapshot } from '../generated/prisma/client.js';
import { removedEvent, revertedEvent, takenEvent } from './snapshot.events.js';
import { SnapshotRepository } from './snapshot.repository.js';

/** What a step has done about snapshots. */
export interface SnapshotsDone {
  readonly taken?: { readonly id: string; readonly memoryBytes: number };
  readonly removed?: readonly string[];
  readonly reverted?: { readonly id: string; readonly withMemory: boolean };
}

/** Unlike any number of a revision: the host is to be compared with the spec once more. */
const NONE_APPLIED = 0;

/** Writes what became of snapshots, in the transaction that records the step. */
@Injectable()
export class SnapshotJournal {
  constructor(private readonly snapshots: SnapshotRepository) {}

  /** @param vm locked */
  async record(tx: Transaction, vm: Vm, { taken, removed = [], reverted }: SnapshotsDone): Promise<EventEnvelope[]> {
    const events: EventEnvelope[] = [];
    if (taken !== undefined) events.push(...(await this.recordTaken(tx, vm, taken.id, taken.memoryBytes)));
    if (reverted !== undefined) events.push(...(await this.recordReverted(tx, vm, reverted.id, reverted.withMemory)));
    for (const id of removed) {
      const snapshot = await this.snapshots.find(tx, vm.id, id);
      if (snapshot === null) continue;
      await this.snapshots.remove(tx, snapshot);
      events.push(removedEvent(snapshot));
    }
    return events;
  }

  /** What was being taken could not be: what there is of it is removed. */
  async takeBack(tx: Transaction, vmId: string, id: string): Promise<void> {
    const snapshot = await this.snapshots.find(tx, vmId, id);
    if (snapshot?.state === 'CREATING') await this.snapshots.update(tx, id, { state: 'DELETING' });
  }

  ofVm(vmId: string): Promise<VmSnapshot[]> {
    return this.snapshots.ofVm(vmId);
  }

  async hasUnwanted(tx: Transaction, vmId: string): Promise<boolean> {
    return (await this.snapshots.ofVm(vmId, tx)).some(({ state }) => state !== 'READY');
  }

  private async recordTaken(tx: Transaction, vm: Vm, id: string, memoryBytes: number): Promise<EventEnvelope[]> {
    const snapshot = await this.snapshots.find(tx, vm.id, id);
    if (snapshot?.state !== 'CREATING') return [];
    const takenAt = await databaseNow(tx);
    await this.snapshots.update(tx, id, { state: 'READY', takenAt, memoryBytes: BigInt(memoryBytes) });
    await this.snapshots.standOn(tx, vm.id, id);
    return [takenEvent(snapshot)];
  }

  /** A guest that runs on is wished to run from now on, unless somebody wants it gone since, and is as large as it was then. */
  private async recordReverted(tx: Transaction, vm: Vm, id: string, withMemory: boolean): Promise<EventEnvelope[]> {
    const snapshot = await this.snapshots.find(tx, vm.id, id);
    if (snapshot === null) return [];
    const runs = withMemory && vm.desired !== 'DELETED';
    const running = { desired: 'RUNNING', appliedRevision: NONE_APPLIED };
    await this.snapshots.standOn(tx, vm.id, id, runs ? running : {});
    return [revertedEvent(snapshot, withMemory)];
  }
}
