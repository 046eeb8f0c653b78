import { Injectable } from '@nestjs/common';
import { JoinedWorks } from '../work/joined-work.js';

/** Each holds one of the places that calls on domains have; the others are for everybody else. */
const AT_ONCE = 3;

/** What is done about snapshots of the VMs of this host: one thing at a time for a VM. */
@Injectable()
export class SnapshotWorks extends JoinedWorks {
  constructor() {
    super(AT_ONCE);
  }
}
