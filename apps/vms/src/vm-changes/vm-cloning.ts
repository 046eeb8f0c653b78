import { DomainError, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { VmCloudInitRepository } from '../vms/vm-cloud-init.repository.js';
import { VmMetadataRepository } from '../vms/vm-metadata.repository.js';
import { VmPortRepository } from '../vms/vm-port.repository.js';
import { SpecChanges } from './spec-changes.js';
import type { CloneVm } from './vm-clone.inputs.js';
import { VmCreation, type Made } from './vm-creation.js';
import { VmSnapshots } from './vm-snapshots.js';

/** From a VM to the row of its clone, within the transaction that accepts it. */
@Injectable()
export class VmCloning {
  constructor(
    private readonly creation: VmCreation,
    private readonly specs: SpecChanges,
    private readonly metadata: VmMetadataRepository,
    private readonly cloudInits: VmCloudInitRepository,
    private readonly snapshots: VmSnapshots,
    private readonly ports: VmPortRepository,
  ) {}

  /**
   * @param source locked, off, and nothing is being done to it
   * @throws DomainError VM_BUSY, PORT_BUSY, SNAPSHOT_NOT_FOUND, SNAPSHOT_BUSY, POOL_FULL, NAME_TAKEN, and what VmAdmission throws
   */
  async make(
    tx: Transaction,
    actor: Actor,
    source: VmRow,
    { name, snapshotId }: Pick<CloneVm, 'name' | 'snapshotId'>,
  ): Promise<Made> {
    if (source.diskBuiltAt === null)
      throw new DomainError('VM_BUSY', { state: source.state, reason: 'it has no disk' });
    await this.snapshots.requireClonable(tx, source, snapshotId);
    const said = await this.metadata.find(tx, source.id);
    const cloudInit = (await this.cloudInits.find(source.id, tx))?.wanted ?? null;
    const place = await this.specs.placeBeside(tx, source);
    const { departmentId, networkId, wantedNetworkId, templateId, templateVersion } = source;
    const copied = { desired: 'STOPPED', cloneSourceId: source.id, cloneSnapshotId: snapshotId };
    const made = await this.creation.write(tx, actor, place, {
      said: { name, ...said, deletionProtected: false },
      // What a guest is called is not what another is.
      cloudInit: cloudInit === null ? null : { ...cloudInit, hostname: null },
      columns: { departmentId, networkId, wantedNetworkId, templateId, templateVersion, ...copied },
    });
    await this.ports.copyAll(tx, source.id, made.vm.id);
    return made;
  }
}
