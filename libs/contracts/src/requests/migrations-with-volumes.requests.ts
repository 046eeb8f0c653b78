import { defineCommand, defineQuery } from '../messages/define.js';
import { SourceWithVolumes, TargetWithVolumes } from '../model/migration.js';
import { OF_MIGRATION, exampleMigration, exampleSource, exampleTarget } from './migration-parts.js';
import { inspectMigration, migrateVm, prepareMigration } from './migrations.requests.js';

const VOLUME = '0196f5a0-0000-7000-8000-0000000000e7';
const exampleSourceWithVolumes = {
  ...exampleSource,
  volumes: [
    {
      volumeId: VOLUME,
      poolName: 'default',
      storageId: exampleSource.storageId,
      capacityBytes: 10_737_418_240,
      usedBytes: 1_073_741_824,
    },
  ],
};
const exampleTargetWithVolumes = {
  ...exampleTarget,
  volumes: [
    {
      volumeId: VOLUME,
      poolName: 'default',
      storageId: exampleTarget.storageId,
      path: `/var/lib/infinibay/disks/volume-${VOLUME}.qcow2`,
    },
  ],
};

export const inspectMigrationWithVolumes = defineQuery({
  name: 'host.inspect-migration-with-volumes',
  version: 1,
  description:
    'As host.inspect-migration, of a VM that takes its volumes along. Changes nothing. Errors: those of it; VM_NOT_MIGRATABLE (details.reason: SNAPSHOTS of a volume, or VOLUMES with details.problem when one can not be used, is still being moved, or is not both of the guest that runs and of the definition).',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: inspectMigration.timeoutMs,
  request: inspectMigration.request,
  reply: SourceWithVolumes,
  example: { request: inspectMigration.example.request, reply: exampleSourceWithVolumes },
});

export const prepareMigrationWithVolumes = defineCommand({
  name: 'host.prepare-migration-with-volumes',
  version: 1,
  description:
    'As host.prepare-migration, of a VM that takes its volumes along: each is to be in the pool of its name here, or in the one that every host has. Errors: those of it; VM_NOT_MIGRATABLE (details.reason VOLUMES with details.problem), VM_BUSY while what an earlier migration has left of a volume is here.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: prepareMigration.timeoutMs,
  request: prepareMigration.request.extend({ source: SourceWithVolumes }),
  reply: TargetWithVolumes,
  example: {
    request: { ...exampleMigration, source: exampleSourceWithVolumes, seed: null, reservePercent: 5 },
    reply: exampleTargetWithVolumes,
  },
});

export const migrateVmWithVolumes = defineCommand({
  name: 'host.migrate-vm-with-volumes',
  version: 1,
  description:
    'As host.migrate-vm, of a VM that takes its volumes along. Errors: those of it; VM_NOT_MIGRATABLE (details.reason VOLUMES) when a volume has no place there.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: migrateVm.timeoutMs,
  request: OF_MIGRATION.extend({ target: TargetWithVolumes }),
  reply: migrateVm.reply,
  example: {
    request: { ...exampleMigration, target: exampleTargetWithVolumes },
    reply: migrateVm.example.reply,
  },
});
