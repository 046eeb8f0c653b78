import type { FlagOption } from './options.js';

/** Of what may give a VM another firmware. */
export const ACCEPT_UNBOOTABLE: FlagOption = {
  type: 'flag',
  description:
    'Change the firmware of the VM, although what is installed on its disk may not boot under another; refused with FIRMWARE_CHANGE_UNCONFIRMED otherwise',
};
