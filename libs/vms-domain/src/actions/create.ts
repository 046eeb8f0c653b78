import { defineWishAction } from './define.js';
import { running } from './start.js';

export const create = defineWishAction({
  kind: 'CREATE_VM',
  mutation: 'createVm',
  description: 'Builds and starts a VM.',
  errors: [
    'DEPARTMENT_NOT_FOUND',
    'NAME_TAKEN',
    'IMAGE_NOT_FOUND',
    'IMAGE_NOT_A_DISK',
    'IMAGE_BUSY',
    'TEMPLATE_NOT_FOUND',
    'TEMPLATE_VERSION_NOT_FOUND',
    'TEMPLATE_LIMIT',
    'NETWORK_REQUIRED',
    'NETWORK_NOT_FOUND',
    'PLACEMENT_GROUP_NOT_FOUND',
    'PLACEMENT_GROUP_FULL',
    'MEMORY_EXCEEDS_HOST',
    'NO_SUITABLE_HOST',
    'QUOTA_EXCEEDED',
    'INVALID_INPUT',
    'IDEMPOTENCY_KEY_REUSED',
  ],
  permission: 'create',
  // It makes the VM: there is none that could be in a state.
  allowedIn: [],
  supersedes: 'all',
  makesVm: true,
  // By a retry alone: it is placed on a host that is in use.
  powersOnFrom: ['ERROR'],
  wish: running,
  shows: 'BUILDING',
});
