import {
  hostVmBlockJobChanged,
  hostVmBlockThresholdExceeded,
  hostVmControlLost,
  hostVmDeviceAdded,
  hostVmDeviceRemovalFailed,
  hostVmDeviceRemoved,
  hostVmDiskDropped,
  hostVmGuestAgentChanged,
  hostVmIoFailed,
  hostVmJobCompleted,
  hostVmLifecycleChanged,
  hostVmMemoryFailed,
  hostVmMetadataChanged,
  hostVmRebooted,
  hostVmWatchdogFired,
} from '@infinibay/contracts';
import type { ConnectionEventMap, Parameters } from '@infinibay/libvirt';
import type { PublishedDomainEvent } from '../hypervisor/published-kinds.js';
import type { FactsOf, HostEventContract } from './host-events.js';

/** Takes an event's contract with what it says. */
type Publish = <C extends HostEventContract>(contract: C, facts: FactsOf<C>) => void;

/** Publishes what libvirt told of a VM under the contract of its kind. */
export const publishDomainEvent = (vmId: string, event: PublishedDomainEvent, publish: Publish): void => {
  switch (event.kind) {
    case 'lifecycle':
      return publish(hostVmLifecycleChanged, { vmId, event: event.event, detail: event.detail });
    case 'reboot':
      return publish(hostVmRebooted, { vmId });
    case 'watchdog':
      return publish(hostVmWatchdogFired, { vmId, action: event.action });
    case 'ioErrorReason':
      return publish(hostVmIoFailed, { vmId, alias: event.alias, action: event.action, reason: event.reason });
    case 'controlError':
      return publish(hostVmControlLost, { vmId });
    case 'jobCompleted':
      return publish(hostVmJobCompleted, { vmId, elapsedMs: elapsedMsOf(event.parameters) });
    case 'agentLifecycle':
      return publish(hostVmGuestAgentChanged, { vmId, state: event.state, reason: event.reason });
    case 'metadataChange':
      return publish(hostVmMetadataChanged, { vmId, type: event.type, namespace: event.namespace });
    case 'memoryFailure':
      return publish(hostVmMemoryFailed, { vmId, recipient: event.recipient, action: event.action });
    default:
      return publishDeviceEvent(vmId, event, publish);
  }
};

type DeviceKind =
  'blockJob' | 'blockThreshold' | 'diskChange' | 'deviceAdded' | 'deviceRemoved' | 'deviceRemovalFailed';

const publishDeviceEvent = (vmId: string, event: ConnectionEventMap[DeviceKind][0], publish: Publish): void => {
  switch (event.kind) {
    case 'blockJob':
      return publish(hostVmBlockJobChanged, { vmId, disk: event.disk, job: event.job, status: event.status });
    case 'blockThreshold': {
      const { disk, thresholdBytes, excessBytes } = event;
      return publish(hostVmBlockThresholdExceeded, { vmId, disk, thresholdBytes, excessBytes });
    }
    case 'diskChange':
      return publish(hostVmDiskDropped, { vmId, alias: event.alias, reason: event.reason });
    case 'deviceAdded':
      return publish(hostVmDeviceAdded, { vmId, alias: event.alias });
    case 'deviceRemoved':
      return publish(hostVmDeviceRemoved, { vmId, alias: event.alias });
    case 'deviceRemovalFailed':
      return publish(hostVmDeviceRemovalFailed, { vmId, alias: event.alias });
  }
};

const elapsedMsOf = (parameters: Parameters): number | null => {
  const elapsed = Number(parameters['time_elapsed'] ?? Number.NaN);
  return Number.isSafeInteger(elapsed) && elapsed >= 0 ? elapsed : null;
};
