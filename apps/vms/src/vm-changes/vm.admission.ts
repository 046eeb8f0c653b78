import type { VmSpec } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { bytesToGib } from '../catalog/sizes.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { QuotaAdmission } from '../quotas/quota.admission.js';
import type { CreateVm } from './vm.inputs.js';
import { VmPlacement, type Placement } from './vm.placement.js';

/** Whether there is room for a new VM: on a host, and in what its department may have. */
@Injectable()
export class VmAdmission {
  constructor(
    private readonly placement: VmPlacement,
    private readonly quotas: QuotaAdmission,
  ) {}

  /**
   * Where the VM goes and how large it is. Until the transaction ends, neither is given away twice.
   * @throws DomainError QUOTA_EXCEEDED, and what VmPlacement throws
   */
  async admit(tx: Transaction, input: CreateVm): Promise<Placement> {
    return this.admitTo(tx, input.departmentId, await this.placement.place(tx, input));
  }

  /**
   * The same for one that is as another is, and goes where that is.
   * @param source locked
   * @throws DomainError QUOTA_EXCEEDED, and what VmPlacement throws
   */
  async admitBeside(tx: Transaction, source: VmRow): Promise<Placement> {
    return this.admitTo(tx, source.departmentId, await this.placement.placeBeside(tx, source));
  }

  private async admitTo(tx: Transaction, departmentId: string, place: Placement): Promise<Placement> {
    const { vcpus, memoryMib, diskBytes } = place;
    // Last: nothing else may be waited for under this lock.
    await this.quotas.admit(tx, departmentId, { vms: 1, vcpus, memoryMib, diskGib: bytesToGib(diskBytes) });
    return place;
  }

  /**
   * Whether a VM may have other sizes where it is.
   * @param vm locked
   * @throws DomainError QUOTA_EXCEEDED, and what VmPlacement throws
   */
  async requireRoom(tx: Transaction, vm: VmRow, spec: VmSpec): Promise<void> {
    await this.placement.requireRoom(tx, vm, spec);
    const more = { vcpus: spec.vcpus - vm.vcpus, memoryMib: spec.memoryMib - vm.memoryMib };
    if (more.vcpus <= 0 && more.memoryMib <= 0) return;
    await this.quotas.admit(tx, vm.departmentId, {
      vcpus: Math.max(0, more.vcpus),
      memoryMib: Math.max(0, more.memoryMib),
    });
  }

  /**
   * Whether a VM may be made of something else where it is.
   * @param vm locked
   * @throws DomainError MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST, UNSUPPORTED_BY_DRIVER
   */
  async requireHardware(tx: Transaction, vm: VmRow, spec: VmSpec): Promise<void> {
    await this.placement.requireHardware(tx, vm, spec);
  }

  /** Keeps with the VM why it is where it is. */
  async keep(tx: Transaction, vmId: string, place: Placement): Promise<void> {
    await this.placement.keep(tx, vmId, place);
  }
}
