import { Injectable } from '@nestjs/common';
import { DiskCopies } from '../disks/disk-copies.js';
import { JoinedWorks, type JoinedWork } from '../work/joined-work.js';

/** Each holds one of the places that calls on domains have; the others are for everybody else. */
const AT_ONCE = 3;

/** What is done about snapshots of the VMs of this host: one thing at a time for a VM, and none while its disk is copied. */
@Injectable()
export class SnapshotWorks extends JoinedWorks {
  constructor(private readonly copies: DiskCopies) {
    super(AT_ONCE);
  }

  /** @throws DomainError VM_BUSY */
  override join<T>(
    vmId: string,
    name: string,
    begin: () => Promise<{ readonly work: Promise<T> }>,
  ): Promise<JoinedWork<T> | undefined> {
    this.copies.requireNoneOf(vmId);
    return super.join(vmId, name, begin);
  }
}
