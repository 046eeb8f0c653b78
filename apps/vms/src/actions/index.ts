import type { Step } from '@infinibay/vms-domain';
import { cdromSteps } from './cdrom.js';
import { clone } from './clone.js';
import { create } from './create.js';
import { deleteVm } from './delete.js';
import { forceOff } from './force-off.js';
import { imageSteps } from './image.js';
import { migrationSteps } from './migration.js';
import { portSteps } from './ports.js';
import { reboot } from './reboot.js';
import { reset } from './reset.js';
import { resize } from './resize.js';
import { save } from './save.js';
import { shutdown } from './shutdown.js';
import { snapshotSteps } from './snapshots.js';
import { start } from './start.js';
import { suspend } from './suspend.js';
import { transferSteps } from './transfer.js';
import type { PerformStep } from './step.js';
import { volumeSteps } from './volumes.js';

/** How each step of the actions of libs/vms-domain is performed; one that is missing is no valid program. */
export const STEPS: Readonly<Record<Step, PerformStep>> = {
  ...imageSteps,
  ...create,
  ...clone,
  ...start,
  ...shutdown,
  ...reboot,
  ...reset,
  ...suspend,
  ...save,
  ...forceOff,
  ...resize,
  ...volumeSteps,
  ...portSteps,
  ...cdromSteps,
  ...snapshotSteps,
  ...transferSteps,
  ...migrationSteps,
  ...deleteVm,
};
