import { acceptDrift } from './accept-drift.js';
import { addPort } from './add-port.js';
import { attachVolume } from './attach-volume.js';
import { changePortNetwork } from './change-port-network.js';
import { clone } from './clone.js';
import { create } from './create.js';
import { createSnapshot } from './create-snapshot.js';
import { deleteVm } from './delete.js';
import { deleteSnapshot } from './delete-snapshot.js';
import { detachVolume } from './detach-volume.js';
import { forceOff } from './force-off.js';
import { migrate } from './migrate.js';
import { reboot } from './reboot.js';
import { removePort } from './remove-port.js';
import { repairDrift } from './repair-drift.js';
import { reset } from './reset.js';
import { resize } from './resize.js';
import { restoreRevision } from './restore-revision.js';
import { resume } from './resume.js';
import { retry } from './retry.js';
import { revertToSnapshot } from './revert-to-snapshot.js';
import { save } from './save.js';
import { setAutostart } from './set-autostart.js';
import { setCdrom } from './set-cdrom.js';
import { setHardware } from './set-hardware.js';
import { setPortLink } from './set-port-link.js';
import { shutdown } from './shutdown.js';
import { softDelete } from './soft-delete.js';
import { start } from './start.js';
import { suspend } from './suspend.js';
import { transfer } from './transfer.js';
import { undelete } from './undelete.js';

/**
 * All that people can do to a VM. Kinds of operations, mutations, the matrix of states, plans and their steps, and the
 * specs that go through them, derive from this list.
 */
export const ACTIONS = [
  create,
  clone,
  start,
  shutdown,
  reboot,
  reset,
  suspend,
  resume,
  save,
  forceOff,
  retry,
  resize,
  restoreRevision,
  repairDrift,
  acceptDrift,
  setAutostart,
  setPortLink,
  addPort,
  removePort,
  changePortNetwork,
  setHardware,
  setCdrom,
  attachVolume,
  detachVolume,
  createSnapshot,
  revertToSnapshot,
  deleteSnapshot,
  migrate,
  transfer,
  softDelete,
  undelete,
  deleteVm,
] as const;
