import {
  hostAgentStarted,
  hostVmDeviceAdded,
  hostVmDifferenceFound,
  hostVmLifecycleChanged,
  hostVmsRelisted,
} from '../events/host.events.js';
import { vmGuestConnected, vmGuestSilent } from '../events/metrics.events.js';
import { vmDeleted, vmJoinedDepartment } from '../events/vms.events.js';
import type { EventContract } from './define.js';
import type { ServiceName } from './services.js';

/**
 * The durable consumers of the services: what each calls itself after the service's name, and the one event it reads.
 * Streams and NATS rights follow from it; a spec compares it with the `@HandlesEvent` of the apps.
 */
export const DURABLE_CONSUMERS: Readonly<Partial<Record<ServiceName, Readonly<Record<string, EventContract>>>>> = {
  vms: {
    'guest-ready': vmGuestConnected,
    'guest-silent': vmGuestSilent,
    'host-relisted': hostVmsRelisted,
    'host-started': hostAgentStarted,
  },
  firewall: {
    'vm-deleted': vmDeleted,
    'vm-joined': vmJoinedDepartment,
    'vm-started': hostVmLifecycleChanged,
    'vm-found': hostVmDifferenceFound,
    'vm-device-added': hostVmDeviceAdded,
    'host-relisted': hostVmsRelisted,
  },
  'metrics-collector': { 'forget-vm': vmDeleted },
};

/** Follows the whole stream for the people that watch, and looks up what they missed by its sequence. */
export const STREAM_FOLLOWERS: readonly ServiceName[] = ['realtime'];
