/**
 * The one table of error codes: a code cannot exist without its kind and message.
 * Codes are public and never change meaning; messages may be reworded.
 */
export type ErrorKind =
  | 'invalid_input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'precondition'
  | 'unavailable'
  | 'timeout'
  | 'internal';

interface ErrorCodeEntry {
  readonly kind: ErrorKind;
  readonly message: string;
}

export const ERROR_CODES = {
  INVALID_INPUT: { kind: 'invalid_input', message: 'The input is not valid' },
  MALFORMED_ADDRESS: { kind: 'invalid_input', message: 'The address is malformed' },
  PORT_OUT_OF_RANGE: { kind: 'invalid_input', message: 'A port must be between 1 and 65535' },
  REQUEST_TOO_LARGE: { kind: 'invalid_input', message: 'The request is larger than allowed' },
  QUERY_TOO_COMPLEX: { kind: 'invalid_input', message: 'The GraphQL document exceeds the limits' },
  TOO_MANY_VMS: { kind: 'invalid_input', message: 'More virtual machines than one request may be about' },
  IDEMPOTENCY_KEYS_DIFFER: {
    kind: 'invalid_input',
    message: 'The header Idempotency-Key and the input have different keys',
  },
  UNAUTHENTICATED: { kind: 'unauthenticated', message: 'Authentication is required' },
  INVALID_CREDENTIALS: { kind: 'unauthenticated', message: 'The e-mail or password is wrong' },
  TOKEN_INVALID: { kind: 'unauthenticated', message: 'The token is not valid' },
  TOKEN_EXPIRED: { kind: 'unauthenticated', message: 'The token has expired' },
  SESSION_ENDED: { kind: 'unauthenticated', message: 'The session has ended' },
  CONSOLE_TICKET_INVALID: { kind: 'unauthenticated', message: 'The console ticket is not valid' },
  FORBIDDEN: { kind: 'forbidden', message: 'This is not allowed' },
  NOT_FOUND: { kind: 'not_found', message: 'Not found' },
  USER_NOT_FOUND: { kind: 'not_found', message: 'The user was not found' },
  DEPARTMENT_NOT_FOUND: { kind: 'not_found', message: 'The department was not found' },
  VM_NOT_FOUND: { kind: 'not_found', message: 'The virtual machine was not found' },
  IMAGE_NOT_FOUND: { kind: 'not_found', message: 'The image was not found' },
  TEMPLATE_NOT_FOUND: { kind: 'not_found', message: 'The template was not found' },
  TEMPLATE_VERSION_NOT_FOUND: { kind: 'not_found', message: 'The template has no such version' },
  NETWORK_NOT_FOUND: { kind: 'not_found', message: 'The network was not found' },
  PORT_NOT_FOUND: { kind: 'not_found', message: 'The virtual machine has no such port' },
  RULE_NOT_FOUND: { kind: 'not_found', message: 'The firewall rule was not found' },
  OPERATION_NOT_FOUND: { kind: 'not_found', message: 'The operation was not found' },
  REVISION_NOT_FOUND: { kind: 'not_found', message: 'The virtual machine has no such revision' },
  HOST_NOT_FOUND: { kind: 'not_found', message: 'The host was not found' },
  PLACEMENT_GROUP_NOT_FOUND: { kind: 'not_found', message: 'The placement group was not found' },
  VOLUME_NOT_FOUND: { kind: 'not_found', message: 'The volume was not found' },
  SNAPSHOT_NOT_FOUND: { kind: 'not_found', message: 'The snapshot was not found' },
  POOL_NOT_FOUND: { kind: 'not_found', message: 'The storage pool was not found' },
  NAME_TAKEN: { kind: 'conflict', message: 'The name is already in use' },
  TEMPLATE_CHANGED: { kind: 'conflict', message: 'The template has another version by now than was expected' },
  EMAIL_TAKEN: { kind: 'conflict', message: 'The e-mail address is already in use' },
  ADDRESS_RANGE_TAKEN: { kind: 'conflict', message: 'The address range overlaps another network' },
  NETWORK_RANGE_RESERVED: {
    kind: 'precondition',
    message: 'The address range is used by a host or by the platform',
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: 'conflict',
    message: 'The idempotency key was already used with other input',
  },
  STALE_FENCE: { kind: 'conflict', message: 'A newer worker has taken over this resource' },
  VM_BUSY: { kind: 'precondition', message: 'The virtual machine cannot do this in its present state' },
  CONSOLE_TICKET_SPENT: {
    kind: 'precondition',
    message:
      'The console ticket of this idempotency key was used, is too old or is that of another session; ask for one with another key',
  },
  HOST_IN_MAINTENANCE: {
    kind: 'precondition',
    message: 'The host of the virtual machine is in maintenance: nothing is started there until that ends',
  },
  DELETION_PROTECTED: { kind: 'precondition', message: 'The virtual machine is protected from deletion' },
  DELETION_SCHEDULED: {
    kind: 'precondition',
    message: 'The virtual machine is going to be deleted, and stays as it is until then; undeleteVm takes that back',
  },
  DELETION_NOT_SCHEDULED: { kind: 'precondition', message: 'The virtual machine is not going to be deleted' },
  TAG_LIMIT_REACHED: { kind: 'precondition', message: 'The virtual machine has as many tags as it may have' },
  BULK_INCOMPLETE: {
    kind: 'precondition',
    message: 'Not every virtual machine came to what was asked; the results say which, and why',
  },
  VM_PAUSED: { kind: 'precondition', message: 'The virtual machine is paused and does not run on' },
  SUSPENDED_GUEST_LOST: {
    kind: 'precondition',
    message: 'The guest went off while it was suspended or about to be; its memory is gone, and a start boots it anew',
  },
  VM_MEMORY_SAVED: {
    kind: 'precondition',
    message:
      'The memory of the virtual machine is saved, and would not fit it any more; start it first, or start it with discardSavedMemory',
  },
  NOTHING_TO_SAVE: {
    kind: 'precondition',
    message: 'The guest went off before its memory was saved',
  },
  DISK_MISSING: { kind: 'precondition', message: 'The disk of the virtual machine is missing on its host' },
  DISK_REPLACED: {
    kind: 'precondition',
    message: 'What is in the place of the disk is not the disk of the virtual machine',
  },
  DISK_DAMAGED: { kind: 'precondition', message: 'The disk of the virtual machine is damaged' },
  IMAGE_MISSING: { kind: 'precondition', message: 'The image that the disk is based on is missing on the host' },
  IMAGE_REPLACED: {
    kind: 'precondition',
    message: 'The image that the disk is based on is not the one that it was made from',
  },
  IMAGE_BUSY: { kind: 'precondition', message: 'The image cannot do this in its present state' },
  IMAGE_IN_USE: { kind: 'precondition', message: 'Virtual machines or templates still use the image' },
  IMAGE_NOT_IMPORTED: {
    kind: 'precondition',
    message: 'The image was put on its hosts by an operator, and only there it can be copied or removed',
  },
  IMAGE_LIMIT_REACHED: { kind: 'precondition', message: 'There are as many images as there may be' },
  IMAGE_SOURCE_REFUSED: {
    kind: 'precondition',
    message: 'Images are not fetched from this address: it is not public, or not one that the operator allows',
  },
  IMAGE_SOURCE_UNAVAILABLE: { kind: 'precondition', message: 'The image could not be fetched from its address' },
  IMAGE_SOURCE_AWAY: { kind: 'unavailable', message: 'No host that has the image sends it' },
  IMAGE_COPY_FAILED: { kind: 'precondition', message: 'The image could not be brought to the host' },
  IMAGE_TOO_LARGE: { kind: 'precondition', message: 'The image is larger than the host takes' },
  IMAGE_CHECKSUM_MISMATCH: { kind: 'precondition', message: 'What has come has another SHA-256 than was said' },
  IMAGE_UNUSABLE: { kind: 'precondition', message: 'What has come is not an image that may be used' },
  IMAGE_UPLOADS_UNAVAILABLE: { kind: 'precondition', message: 'Images cannot be uploaded to this host, or to any' },
  IMAGE_UPLOAD_ENDED: {
    kind: 'precondition',
    message: 'The upload was given up, or nobody has gone on with it for a day',
  },
  IMAGE_NOT_A_DISK: { kind: 'precondition', message: 'The image is an ISO: no disk can be made of it' },
  IMAGE_NOT_AN_ISO: { kind: 'precondition', message: 'The image is no ISO: no CD-ROM drive takes it' },
  IMAGE_NOT_ON_HOST: { kind: 'precondition', message: 'The host of the virtual machine does not have the image' },
  STORAGE_UNAVAILABLE: { kind: 'unavailable', message: 'The storage of disks is not available on the host' },
  VOLUME_MISSING: { kind: 'precondition', message: 'The volume is missing on its host' },
  VOLUME_REPLACED: { kind: 'precondition', message: 'What is in the place of the volume is not the volume' },
  VOLUME_DAMAGED: { kind: 'precondition', message: 'The volume is damaged' },
  VOLUME_BUSY: { kind: 'precondition', message: 'The volume cannot do this in its present state' },
  VOLUME_IN_USE: { kind: 'precondition', message: 'The volume is attached to a virtual machine' },
  VOLUME_NOT_ATTACHED: { kind: 'precondition', message: 'The volume is not attached to this virtual machine' },
  VOLUME_ON_OTHER_HOST: {
    kind: 'precondition',
    message: 'The volume is on another host than the virtual machine',
  },
  VOLUME_LIMIT_REACHED: {
    kind: 'precondition',
    message: 'The virtual machine has as many volumes as it may have',
  },
  PORT_BUSY: { kind: 'precondition', message: 'A port of the virtual machine is still coming or going' },
  PORT_EXISTS: { kind: 'precondition', message: 'The virtual machine has a port in this network already' },
  PORT_LIMIT_REACHED: { kind: 'precondition', message: 'The virtual machine has as many ports as it may have' },
  LAST_PORT: { kind: 'precondition', message: 'It is the last port of the virtual machine; pull its cable instead' },
  VOLUME_CANNOT_SHRINK: { kind: 'precondition', message: 'A volume can only be made larger' },
  VOLUME_IN_SNAPSHOT: {
    kind: 'precondition',
    message: 'The volume is part of a snapshot of its virtual machine; delete those snapshots first',
  },
  SNAPSHOT_BUSY: { kind: 'precondition', message: 'The snapshot cannot do this in its present state' },
  SNAPSHOT_LIMIT_REACHED: {
    kind: 'precondition',
    message: 'The virtual machine has as many snapshots as it may have',
  },
  SNAPSHOT_MISSING: {
    kind: 'precondition',
    message: 'The snapshot is not, or not whole, in the disks of the virtual machine; nothing was changed',
  },
  SNAPSHOT_DISKS_DIFFER: {
    kind: 'precondition',
    message: 'The virtual machine has other disks than the snapshot; nothing was changed',
  },
  SNAPSHOT_SPEC_DIFFERS: {
    kind: 'precondition',
    message:
      'The virtual machine has another size, other links or other hardware than when its memory was kept; restore that revision first',
  },
  FIRMWARE_STATE_NOT_COPIED: {
    kind: 'precondition',
    message:
      'The virtual machine keeps state in variables of UEFI or in a TPM, which snapshots and clones do not hold; it has none of them',
  },
  FIRMWARE_CHANGE_UNCONFIRMED: {
    kind: 'precondition',
    message: 'What was installed under one firmware may not boot under another; say so with acceptUnbootable',
  },
  SNAPSHOT_HOLDS_MEMORY: {
    kind: 'precondition',
    message:
      'A snapshot of the virtual machine holds the memory of its guest, with the network cards of then; delete such snapshots first',
  },
  SNAPSHOT_NEEDS_RESTART: {
    kind: 'precondition',
    message:
      'Processors were plugged in while the guest ran: its memory could be kept, but not be brought back until it has been off',
  },
  REVERT_UNFINISHED: {
    kind: 'precondition',
    message:
      'A revert to a snapshot began and did not end: the disks may be partly those of the snapshot. Revert again, to this or another snapshot, or start it with acceptUnfinishedRevert',
  },
  VM_NOT_MIGRATABLE: {
    kind: 'precondition',
    message: 'The virtual machine can not be moved to that host; the reason says why',
  },
  MIGRATION_FAILED: {
    kind: 'precondition',
    message: 'The virtual machine could not be moved; it goes on where it was',
  },
  MIGRATION_UNCLEAR: {
    kind: 'precondition',
    message:
      'The virtual machine was being moved, and neither host has it: nothing is started until somebody has looked at both',
  },
  OPERATION_CANCELLED: { kind: 'precondition', message: 'Somebody has cancelled the operation' },
  OPERATION_NOT_CANCELLABLE: {
    kind: 'precondition',
    message: 'The operation has ended, or is of a kind that can not be cancelled',
  },
  CLONE_SOURCE_UNUSABLE: {
    kind: 'precondition',
    message:
      'The disk that was to be copied can not be read: its virtual machine is gone, is on, or its disk is not sound',
  },
  POOL_FULL: { kind: 'precondition', message: 'The storage pool has too little free space' },
  NO_SUITABLE_POOL: { kind: 'precondition', message: 'No storage pool can take this volume' },
  SEED_REPLACED: {
    kind: 'unavailable',
    message: "What is in the place of the virtual machine's seed for cloud-init is not that seed",
  },
  FILTER_MISSING: { kind: 'precondition', message: 'The packet filter of the virtual machine is missing on its host' },
  FILTER_NOT_ENFORCED: {
    kind: 'unavailable',
    message: 'The host does not enforce the packet filter of the virtual machine',
  },
  NETWORK_IN_USE: { kind: 'precondition', message: 'The network still has ports' },
  NETWORK_REQUIRED: { kind: 'precondition', message: 'The department has no network yet' },
  ADDRESSES_EXHAUSTED: { kind: 'precondition', message: 'The network has no free address' },
  TEMPLATE_LIMIT: {
    kind: 'precondition',
    message: 'The virtual machine would be outside the limits of its template',
  },
  TOO_MANY_TEMPLATES: { kind: 'precondition', message: 'There are as many templates as there may be' },
  TOO_MANY_TEMPLATE_VERSIONS: {
    kind: 'precondition',
    message: 'The template has as many versions as one may have; make another template',
  },
  TOO_MANY_PLACEMENT_GROUPS: {
    kind: 'precondition',
    message: 'The department has, or the virtual machine is in, as many placement groups as may be',
  },
  PLACEMENT_GROUP_FULL: {
    kind: 'precondition',
    message: 'The placement group has as many virtual machines as one may have',
  },
  QUOTA_EXCEEDED: { kind: 'precondition', message: 'The department has as much of this as it may have' },
  RULE_LIMIT_REACHED: { kind: 'precondition', message: 'There are as many firewall rules as a filter can hold' },
  DEPARTMENT_LIMIT_REACHED: { kind: 'precondition', message: 'The user is in as many departments as one may be' },
  NO_SUITABLE_HOST: { kind: 'precondition', message: 'No host can take this virtual machine' },
  MEMORY_EXCEEDS_HOST: {
    kind: 'precondition',
    message: 'The memory asked for is more than any host has',
  },
  LAST_ADMIN: { kind: 'precondition', message: 'The last administrator cannot be disabled' },
  TOO_MANY_ATTEMPTS: { kind: 'forbidden', message: 'Too many attempts; try again later' },
  RATE_LIMITED: { kind: 'unavailable', message: 'Too much was asked for in a short time; try again later' },
  TOO_MANY_SUBSCRIPTIONS: { kind: 'precondition', message: 'The connection has as many subscriptions as it may' },
  SLOW_CONSUMER: { kind: 'unavailable', message: 'The client does not keep up with what it asked for' },
  SERVICE_UNAVAILABLE: { kind: 'unavailable', message: 'A service that is needed does not answer' },
  HOST_UNAVAILABLE: { kind: 'unavailable', message: 'The host does not answer' },
  VM_UNRESPONSIVE: { kind: 'unavailable', message: 'The virtual machine does not answer its host' },
  HYPERVISOR_ERROR: { kind: 'unavailable', message: 'The hypervisor refused the call' },
  UNSUPPORTED_BY_DRIVER: { kind: 'precondition', message: 'The hypervisor driver cannot do this' },
  DEADLINE_EXCEEDED: { kind: 'timeout', message: 'The deadline passed before an answer came' },
  INTERNAL: { kind: 'internal', message: 'An internal error happened' },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
