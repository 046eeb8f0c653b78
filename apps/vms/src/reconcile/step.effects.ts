import type { EventEnvelope } from '@infinibay/contracts';
import type { Step } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Preparation } from '../actions/step.js';
import type { Transaction } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { MigrationJournal } from '../migrations/migration.journal.js';
import { SnapshotJournal } from '../snapshots/snapshot.journal.js';
import { unheard } from '../vms/guest-heard.js';
import { savedColumns } from '../vms/saved-memory.js';
import { hardwareOf } from '../vms/vm-hardware.js';
import { VmPortJournal } from '../vms/vm-port.journal.js';
import { VmRepository } from '../vms/vm.repository.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import { DepartmentChange } from './department.change.js';
import type { Reading } from './reading.js';

/** What a step has brought about is remembered with it: that there is a disk, in which network the VM is, and so on. */
@Injectable()
export class StepEffects {
  constructor(
    private readonly vms: VmRepository,
    private readonly volumes: VolumeRepository,
    private readonly ports: VmPortJournal,
    private readonly snapshots: SnapshotJournal,
    private readonly departments: DepartmentChange,
    private readonly migrations: MigrationJournal,
  ) {}

  /** @param vm locked @throws DomainError when it could not come about: nothing of it is written then */
  async record(
    tx: Transaction,
    vm: Vm,
    reading: Reading,
    step: Step,
    preparation: Preparation,
    now: Date,
  ): Promise<EventEnvelope[]> {
    const networkId = preparation.nics?.[0]?.networkId;
    const isDisk = step === 'ensure-disk' || step === 'clone-disk';
    if (isDisk && vm.diskBuiltAt === null) await this.vms.update(tx, vm.id, { diskBuiltAt: now });
    // From then on another port becomes the first by its own record alone.
    if (networkId !== undefined && vm.networkId === null) await this.vms.update(tx, vm.id, { networkId });
    const { savedMemory, made } = preparation;
    if (savedMemory !== undefined) await this.vms.update(tx, vm.id, savedColumns(savedMemory, vm, now));
    if (preparation.isPowerCut === true) await this.vms.update(tx, vm.id, unheard(vm, reading.vm));
    if (made?.isStarted === true && vm.desired !== 'DELETED') await this.vms.update(tx, vm.id, { desired: 'RUNNING' });
    await this.recordMoved(tx, vm, reading, step, preparation);
    await this.recordHardware(tx, vm, reading, step, preparation);
    const { cdrom } = preparation;
    // Another medium that was asked for since is still to be put in.
    if (cdrom !== undefined && vm.cdromImageId === reading.vm.cdromImageId)
      await this.vms.update(tx, vm.id, { cdromPending: cdrom.isPending });
    if (step === 'settle-in' || step === 'define') await this.departments.settled(tx, vm, reading.open);
    const moved = step === 'transfer' ? await this.departments.record(tx, vm, reading.open, preparation.cards) : [];
    const { migration } = preparation;
    const onItsWay = migration === undefined ? [] : await this.migrations.record(tx, vm, migration);
    return [...moved, ...onItsWay, ...(await this.snapshots.record(tx, vm, preparation.snapshots ?? {}))];
  }

  /**
   * What the definition was written with, for what runs next is made by it; of a guest that is brought back from saved
   * memory what was saved stays. A snapshot is gone back to only by a VM that is declared as it was then.
   */
  private async recordHardware(
    tx: Transaction,
    { id, savedAt }: Vm,
    { vm }: Reading,
    step: Step,
    { savedMemory }: Preparation,
  ): Promise<void> {
    const isKept = savedAt !== null && savedMemory !== 'discarded';
    if ((step !== 'define' && step !== 'revert-to-snapshot') || isKept) return;
    await this.vms.update(tx, id, { definedHardware: { ...hardwareOf(vm) } });
  }

  /** Of a step that has not come about yet as well. @returns what tells of snapshots that are gone */
  async recordPart(
    tx: Transaction,
    vm: Vm,
    reading: Reading,
    step: Step,
    preparation: Preparation,
  ): Promise<EventEnvelope[]> {
    await this.recordMoved(tx, vm, reading, step, preparation);
    return this.snapshots.record(tx, vm, preparation.snapshots ?? {});
  }

  private async recordMoved(
    tx: Transaction,
    vm: Vm,
    { open }: Reading,
    step: Step,
    { volumes, ports = {} }: Preparation,
  ): Promise<void> {
    const { id } = vm;
    await this.ports.record(tx, vm, ports, open);
    if (volumes === undefined) return;
    if (step === 'attach-volume') await this.volumes.markAttached(tx, id, volumes.moved);
    if (step === 'detach-volume') await this.volumes.markDetached(tx, id, volumes.moved);
    await this.volumes.markRefused(tx, id, volumes.refused);
  }
}
