import { Injectable } from '@nestjs/common';
import { JoinedWorks } from '../work/joined-work.js';

/** Each holds one of the places that calls on domains have, and the network between the hosts. */
const AT_ONCE = 2;

/** VMs that are being moved away from this host, of which this process has asked libvirt. */
@Injectable()
export class MigrationWorks extends JoinedWorks {
  constructor() {
    super(AT_ONCE);
  }
}
