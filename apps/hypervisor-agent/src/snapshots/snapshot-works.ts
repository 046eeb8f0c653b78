import { Injectable } from '@nestjs/common';
import { DiskCopies } from '../disks/disk-copies.js';
import type { Deadline } from '../work/deadline.js';
import { JoinedWorks, type JoinedWork } from '../work/joined-work.js';
import { VmGate, type FencedRequest } from '../work/vm-gate.js';

/** Each holds one of the places that calls on domains have; the others are for everybody else. */
const AT_ONCE = 3;

/** What is done about snapshots and memory of the VMs of this host: one thing at a time for a VM, and none while its disk is copied. */
@Injectable()
export class SnapshotWorks extends JoinedWorks {
  constructor(
    private readonly gate: VmGate,
    private readonly copies: DiskCopies,
  ) {
    super(AT_ONCE);
  }

  /** Begins it within the gate of its VM, and goes on without it. @returns undefined while it is under way, or waits for a place */
  async through<T>(
    name: string,
    request: FencedRequest,
    until: number,
    begin: (deadline: Deadline) => Promise<{ readonly work: Promise<T> }>,
  ): Promise<{ readonly value: T } | undefined> {
    const work = await this.gate.perform(request, until, (deadline) =>
      this.join(request.vmId, name, () => begin(deadline)),
    );
    return work === undefined ? undefined : this.outcomeOf(request.vmId, work, until);
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
