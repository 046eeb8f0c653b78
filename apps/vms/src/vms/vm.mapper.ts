import { bytesToGib } from '../catalog/sizes.js';
import { RESTART_REASONS, mayPass, mayRun } from '@infinibay/vms-domain';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { toSpec } from './vm-revision.mapper.js';
import { pendingCdrom } from './vm-cdrom.js';
import { pendingHardware } from './vm-hardware.js';
import type { PendingRestart } from './vm-revision.model.js';
import { driftIn, pendingRestartIn, specOf } from './vm-spec.js';
import type { Failure, ScheduledDeletion, Vm } from './vm.model.js';

/** Of a VM that is off nothing is shown, though a late event may have told of its guest. */
const guestReadyAtOf = ({ state, guestReadyAt }: VmRow): Date | null => (mayRun(state) ? guestReadyAt : null);

export const toVm = (row: VmRow): Vm => ({
  id: row.id,
  name: row.name,
  state: row.state,
  pauseReason: row.pauseReason,
  guestReady: guestReadyAtOf(row) !== null,
  guestReadyAt: guestReadyAtOf(row),
  agentVersion: row.agentVersion,
  vcpus: row.vcpus,
  memoryMib: row.memoryMib,
  spec: toSpec(specOf(row)),
  revision: row.revision,
  pendingRestart: pendingIn(row),
  drift: driftIn(row),
  templateVersion: row.templateVersion,
  diskGib: bytesToGib(row.diskBytes),
  deletionProtected: row.deletionProtected,
  autostart: row.autostart,
  hasSavedMemory: row.savedAt !== null,
  scheduledDeletion: scheduledDeletionOf(row),
  error: errorOf(row),
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  departmentId: row.departmentId,
  ownerId: row.ownerId,
  imageId: row.imageId,
  cdromImageId: row.cdromImageId,
  templateId: row.templateId,
  hostId: row.hostId,
  hasDisk: row.diskBuiltAt !== null,
});

/** Of one that is going to be deleted a retry is refused, whatever the reason. */
const errorOf = ({ errorCode: code, errorMessage, errorSince: since, purgeAt }: VmRow): Failure | null =>
  code === null ? null : { code, message: errorMessage ?? code, isRetryable: purgeAt === null && mayPass(code), since };

/** What waits for a restart: sizes, then what it is made of, which is fixed while it runs, and its CD-ROM. */
const pendingIn = (row: VmRow): PendingRestart[] => {
  const inJson = ({ declared, actual }: { readonly declared: unknown; readonly actual: unknown }) => ({
    declaredValue: JSON.stringify(declared),
    actualValue: JSON.stringify(actual),
  });
  const sizes = pendingRestartIn(row).map((one) => ({
    ...one,
    ...inJson(one),
    message: RESTART_REASONS[one.reason],
  }));
  const reason = 'BOUND_AT_BOOT';
  const hardware = pendingHardware(row).map((one) => ({ ...one, path: `hardware.${one.path}` }));
  const atBoot = [...hardware, ...pendingCdrom(row)].map((one) => ({
    path: one.path,
    reason,
    message: RESTART_REASONS[reason],
    declared: null,
    actual: null,
    ...inJson(one),
  }));
  return [...sizes, ...atBoot];
};

const scheduledDeletionOf = ({ purgeAt, purgeVolumes, purgeById }: VmRow): ScheduledDeletion | null =>
  purgeAt === null
    ? null
    : { purgeAt, deleteVolumes: purgeVolumes, requestedBy: purgeById === null ? null : { id: purgeById } };
