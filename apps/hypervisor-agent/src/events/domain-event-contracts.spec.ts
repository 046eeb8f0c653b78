import { describe, expect, it } from '@jest/globals';
import { PUBLISHED_KINDS, type PublishedDomainEvent } from '../hypervisor/published-kinds.js';
import { publishDomainEvent } from './domain-event-contracts.js';

const uuid = '0196f5a0-0000-7000-8000-000000000001';
const name = `vm-${uuid}`;
const position = { hostId: uuid, epoch: uuid, sequence: 1 };

/** One event of each kind, and what is to be told of it besides the VM. */
const CASES: readonly (readonly [PublishedDomainEvent, string, Readonly<Record<string, unknown>>])[] = [
  [
    { kind: 'lifecycle', uuid, name, event: 'stopped', detail: 'crashed' },
    'host.vm-lifecycle-changed',
    { event: 'stopped', detail: 'crashed' },
  ],
  [{ kind: 'reboot', uuid, name }, 'host.vm-rebooted', {}],
  [{ kind: 'watchdog', uuid, name, action: 'inject-nmi' }, 'host.vm-watchdog-fired', { action: 'inject-nmi' }],
  [
    { kind: 'ioErrorReason', uuid, name, path: '/disks/a', alias: 'virtio-disk0', action: 'pause', reason: 'enospc' },
    'host.vm-io-failed',
    { alias: 'virtio-disk0', action: 'pause', reason: 'enospc' },
  ],
  [{ kind: 'controlError', uuid, name }, 'host.vm-control-lost', {}],
  [
    { kind: 'blockJob', uuid, name, disk: 'vda', job: 'active-commit', status: 'ready' },
    'host.vm-block-job-changed',
    { disk: 'vda', job: 'active-commit', status: 'ready' },
  ],
  [
    { kind: 'jobCompleted', uuid, name, parameters: { time_elapsed: 12, memory_total: 1 } },
    'host.vm-job-completed',
    { elapsedMs: 12 },
  ],
  [
    { kind: 'blockThreshold', uuid, name, disk: 'vda', path: '/disks/a', thresholdBytes: 10, excessBytes: 1 },
    'host.vm-block-threshold-exceeded',
    { disk: 'vda', thresholdBytes: 10, excessBytes: 1 },
  ],
  [
    { kind: 'diskChange', uuid, name, oldPath: '/a', newPath: null, alias: 'ide0', reason: 'drop-missing-on-start' },
    'host.vm-disk-dropped',
    { alias: 'ide0', reason: 'drop-missing-on-start' },
  ],
  [{ kind: 'deviceAdded', uuid, name, alias: 'net1' }, 'host.vm-device-added', { alias: 'net1' }],
  [{ kind: 'deviceRemoved', uuid, name, alias: null }, 'host.vm-device-removed', { alias: null }],
  [{ kind: 'deviceRemovalFailed', uuid, name, alias: 'net1' }, 'host.vm-device-removal-failed', { alias: 'net1' }],
  [
    { kind: 'agentLifecycle', uuid, name, state: 'connected', reason: 'domain-started' },
    'host.vm-guest-agent-changed',
    { state: 'connected', reason: 'domain-started' },
  ],
  [
    { kind: 'metadataChange', uuid, name, type: 'title', namespace: null },
    'host.vm-metadata-changed',
    { type: 'title', namespace: null },
  ],
  [
    { kind: 'memoryFailure', uuid, name, recipient: 'guest', action: 'inject', actionRequired: true, recursive: false },
    'host.vm-memory-failed',
    { recipient: 'guest', action: 'inject' },
  ],
];

describe(publishDomainEvent.name, () => {
  it('has a case here for every kind that is published', () => {
    expect(CASES.map(([{ kind }]) => kind).sort()).toEqual([...PUBLISHED_KINDS].sort());
  });

  it.each(CASES.map((each) => [each[0].kind, each] as const))('%s fits its contract', (_kind, [event, told, facts]) => {
    const published: unknown[] = [];
    publishDomainEvent(uuid, event, (contract, said) => {
      published.push(contract.name, contract.data.parse({ ...position, ...said }));
    });
    expect(published).toEqual([told, { ...position, vmId: uuid, ...facts }]);
  });

  it('tells no duration where libvirt tells none', () => {
    const durations: unknown[] = [];
    publishDomainEvent(uuid, { kind: 'jobCompleted', uuid, name, parameters: {} }, (_contract, said) => {
      durations.push(said);
    });
    expect(durations).toEqual([{ vmId: uuid, elapsedMs: null }]);
  });
});
