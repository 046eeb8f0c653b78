import type { Domain } from '@infinibay/libvirt';
import { Injectable } from '@nestjs/common';
import { VmStart } from '../vms/vm-start.js';
import type { Deadline } from '../work/deadline.js';
import { SnapshotRecords } from './snapshot-records.js';

/** Lets a guest run on from a snapshot; as at a start, behind its filter and on no disk but its own. */
@Injectable()
export class MemoryLoad {
  constructor(
    private readonly starts: VmStart,
    private readonly records: SnapshotRecords,
  ) {}

  async load(domain: Domain, vmId: string, snapshotId: string, deadline: Deadline): Promise<void> {
    await this.starts.boot(domain, vmId, deadline, () => this.records.loadMemory(domain, snapshotId, deadline));
  }
}
