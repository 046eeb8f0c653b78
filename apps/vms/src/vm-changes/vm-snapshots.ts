import { DomainError, type Actor } from '@infinibay/contracts';
import { newId } from '@infinibay/platform-persistence';
import { isUuid } from '@infinibay/platform-subgraph';
import {
  MAX_SNAPSHOTS,
  hasSameVolumes,
  requireNoFirmwareState,
  specDifferences,
  type OperationKind,
  type Parameters,
  type VmSpec,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { bytesToGib } from '../catalog/sizes.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow, VmSnapshot as SnapshotRow } from '../generated/prisma/client.js';
import { HostMaintenanceRepository } from '../hosts/host-maintenance.repository.js';
import { QuotaAdmission } from '../quotas/quota.admission.js';
import { SnapshotRepository } from '../snapshots/snapshot.repository.js';
import { pendingCdrom } from '../vms/vm-cdrom.js';
import { hardwareOf, holdsVariables, pendingHardware } from '../vms/vm-hardware.js';
import { VmRevisionRepository } from '../vms/vm-revision.repository.js';
import { driftIn, pendingRestartIn } from '../vms/vm-spec.js';
import { memoryBytesOf } from '../vms/saved-memory.js';
import { KeptMemory } from './kept-memory.js';
import { CreateVmSnapshot } from './vm-snapshot.inputs.js';

const COMPARED_AGAIN = 0;

/** What an action on a VM means for its snapshots, within the transaction that accepts it and has the VM locked. */
@Injectable()
export class VmSnapshots {
  constructor(
    private readonly snapshots: SnapshotRepository,
    private readonly kept: KeptMemory,
    private readonly revisions: VmRevisionRepository,
    private readonly quotas: QuotaAdmission,
    private readonly maintenances: HostMaintenanceRepository,
  ) {}

  /** What the operation is told beside what was said: which snapshot it makes. */
  named(kind: OperationKind, parameters: Parameters): Parameters {
    return kind === 'CREATE_SNAPSHOT' ? { ...parameters, snapshotId: newId() } : parameters;
  }

  /**
   * @throws DomainError FIRMWARE_STATE_NOT_COPIED, SNAPSHOT_NOT_FOUND, SNAPSHOT_BUSY, SNAPSHOT_LIMIT_REACHED, SNAPSHOT_SPEC_DIFFERS,
   * SNAPSHOT_DISKS_DIFFER, VM_BUSY, VOLUME_BUSY, PORT_BUSY, POOL_FULL, NAME_TAKEN, QUOTA_EXCEEDED, HOST_IN_MAINTENANCE
   */
  async accept(
    tx: Transaction,
    vm: VmRow,
    kind: OperationKind,
    actor: Actor,
    { snapshotId = '', disksOnly = false }: Parameters,
    said: unknown,
  ): Promise<void> {
    // One that is there is of a time before, and does not fit the variables of now.
    if (kind === 'CREATE_SNAPSHOT' || kind === 'REVERT_TO_SNAPSHOT') requireNoFirmwareState(hardwareOf(vm));
    if (kind === 'CREATE_SNAPSHOT') return this.create(tx, vm, actor, snapshotId, said);
    if (kind === 'DELETE_SNAPSHOT') return this.delete(tx, vm, snapshotId);
    if (kind === 'REVERT_TO_SNAPSHOT') await this.requireRevertible(tx, vm, snapshotId, disksOnly);
  }

  /**
   * Whether a VM may be cloned as it is, or as it was at a snapshot. How much of its disk is written only its host knows,
   * which looks again.
   * @throws DomainError FIRMWARE_STATE_NOT_COPIED, SNAPSHOT_NOT_FOUND, SNAPSHOT_BUSY, POOL_FULL
   */
  async requireClonable(tx: Transaction, vm: VmRow, snapshotId: string | null): Promise<void> {
    requireNoFirmwareState(hardwareOf(vm));
    const state = snapshotId === null ? 'READY' : (await this.require(tx, vm, snapshotId)).state;
    if (state !== 'READY') throw new DomainError('SNAPSHOT_BUSY', { state });
    await this.kept.requireRoom(tx, vm, 0n);
  }

  private async create(tx: Transaction, vm: VmRow, actor: Actor, id: string, said: unknown): Promise<void> {
    const { name, description } = CreateVmSnapshot.omit({ idempotencyKey: true }).parse(said);
    if ((await this.snapshots.count(tx, vm.id)) >= MAX_SNAPSHOTS)
      throw new DomainError('SNAPSHOT_LIMIT_REACHED', { limit: MAX_SNAPSHOTS });
    const volumeIds = (await this.kept.settledVolumes(tx, vm)).map((volume) => volume.id);
    const hasMemory = vm.state !== 'STOPPED';
    if (hasMemory) requireAsDeclared(vm);
    const memoryBytes = hasMemory ? memoryBytesOf(vm) : 0n;
    await this.kept.requireRoom(tx, vm, memoryBytes);
    const spec = json(await this.revisions.current(tx, vm));
    const row = {
      id,
      vmId: vm.id,
      departmentId: vm.departmentId,
      name,
      description,
      hasMemory,
      authorId: actor.userId,
    };
    // Last but the row itself: nothing else may be waited for under this lock.
    if (hasMemory) await this.quotas.admit(tx, vm.departmentId, { diskGib: bytesToGib(memoryBytes) });
    const parentId = vm.currentSnapshotId;
    await this.snapshots.create(tx, { ...row, memoryBytes, parentId, spec, volumeIds });
  }

  private async delete(tx: Transaction, vm: VmRow, snapshotId: string): Promise<void> {
    if (holdsVariables(vm)) {
      const message = 'No snapshot of a virtual machine is deleted while it runs under UEFI; shut it down first';
      throw new DomainError('VM_BUSY', { vmId: vm.id, state: vm.state }, { message });
    }
    // One that is CREATING is being taken by nobody: while it was, this is not accepted.
    const { id } = await this.require(tx, vm, snapshotId);
    await this.snapshots.update(tx, id, { state: 'DELETING' });
  }

  private async requireRevertible(tx: Transaction, vm: VmRow, snapshotId: string, disksOnly: boolean): Promise<void> {
    const { id, state, hasMemory, spec, volumeIds } = await this.require(tx, vm, snapshotId);
    if (state !== 'READY') throw new DomainError('SNAPSHOT_BUSY', { state });
    const volumes = await this.kept.settledVolumes(tx, vm);
    const attached = volumes.map((volume) => volume.id);
    const missing = volumeIds.filter((volumeId) => !attached.includes(volumeId));
    if (missing.length > 0) throw new DomainError('SNAPSHOT_DISKS_DIFFER', { snapshotId: id, missing });
    if (!hasMemory || disksOnly) return;
    // It runs on from there.
    if (vm.state === 'STOPPED' || vm.state === 'ERROR') await this.maintenances.requireOpen(tx, vm.hostId);
    if (!hasSameVolumes(volumeIds, attached))
      throw new DomainError('SNAPSHOT_DISKS_DIFFER', { snapshotId: id, snapshot: volumeIds, vm: attached });
    const differs = specDifferences(specIn(spec), await this.revisions.current(tx, vm));
    if (differs.length > 0) throw new DomainError('SNAPSHOT_SPEC_DIFFERS', { snapshotId: id, differs });
  }

  /** Another VM's is not found. */
  private async require(tx: Transaction, vm: VmRow, snapshotId: string): Promise<SnapshotRow> {
    const snapshot = isUuid(snapshotId) ? await this.snapshots.find(tx, vm.id, snapshotId) : null;
    if (snapshot === null) throw new DomainError('SNAPSHOT_NOT_FOUND');
    return snapshot;
  }
}

/** Memory is of what runs: one that waits for a restart, or that somebody changed, is not what its spec says. */
const requireAsDeclared = (vm: VmRow): void => {
  const [pendingRestart, drift] = [[...pendingRestartIn(vm), ...pendingHardware(vm), ...pendingCdrom(vm)], driftIn(vm)];
  const isApplied = vm.appliedRevision === vm.revision && vm.appliedRevision !== COMPARED_AGAIN;
  if (!isApplied || pendingRestart.length > 0 || drift.length > 0)
    throw new DomainError('SNAPSHOT_SPEC_DIFFERS', { pendingRestart, drift });
};

const json = (spec: VmSpec) => JSON.parse(JSON.stringify(spec)) as Record<string, string | number>;

const specIn = (stored: unknown): object => (typeof stored === 'object' && stored !== null ? stored : {});
