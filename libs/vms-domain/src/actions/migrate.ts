import { defineTaskAction } from './define.js';

/** A large disk is copied for hours. */
const MIGRATION_GRACE_MS = 14_400_000;

export const migrate = defineTaskAction({
  kind: 'MIGRATE_VM',
  mutation: 'migrateVm',
  description:
    'Moves a VM to another host, with its disk, its volumes, what its UEFI and its TPM keep, its address and firewall rules. One that runs runs on, and stands still only for the moment in which it changes hosts.',
  errors: [
    'VM_NOT_FOUND',
    'HOST_NOT_FOUND',
    'VM_BUSY',
    'PORT_BUSY',
    'VOLUME_BUSY',
    'VM_MEMORY_SAVED',
    'VM_NOT_MIGRATABLE',
    'MEMORY_EXCEEDS_HOST',
    'NO_SUITABLE_HOST',
  ],
  // Hosts are for administrators, which is asked for beside it.
  permission: 'operate',
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'none',
  isExclusive: true,
  isCancellable: true,
  // Where it is saved is a file of the host.
  refusedWhileSaved: true,
  hasOwnMutation: true,
  task: {
    step: 'finish-migration',
    through: ['prepare-migration', 'migrate'],
    leaves: ['abort-migration', 'clean-migration'],
    onOff: true,
    onPaused: true,
    isNotPreparedTwice: true,
    keepsTrying: true,
    graceMs: MIGRATION_GRACE_MS,
    overdue: 'The virtual machine could not be moved in time; it goes on where it was',
  },
});
