import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { Departure, MigrationSource, MigrationTarget } from '../model/migration.js';
import { FilterStatus } from '../model/firewall.js';
import { Fence, Uuid } from '../model/scalars.js';
import { DomainPower } from '../model/vm.js';
import { OF_MIGRATION, OTHER_STORAGE, VM, exampleMigration, exampleSource, exampleTarget } from './migration-parts.js';

export const inspectMigration = defineQuery({
  name: 'host.inspect-migration',
  version: 1,
  description:
    'What the host that a VM shall leave knows of it, for the host that it goes to. Changes nothing. Errors: VM_NOT_FOUND, VM_NOT_MIGRATABLE (details.reason: DRIVER, DEVICES, SNAPSHOTS, VOLUMES), VM_MEMORY_SAVED, REVERT_UNFINISHED, the problems of disks.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid }),
  reply: MigrationSource,
  example: { request: { vmId: VM }, reply: exampleSource },
});

const document = (mostCharacters: number) => z.string().min(1).max(mostCharacters);

export const prepareMigration = defineCommand({
  name: 'host.prepare-migration',
  version: 1,
  description:
    'Makes the host ready to take a VM that comes from another: its folders, its disk unless both hosts share their storage, and its seed. From then on nobody starts the VM here, until host.finish-migration. Its network and its filter are here already. Errors: VM_NOT_MIGRATABLE (details.reason: DRIVER, ACCELERATION, NO_ADDRESS, DISK), FILTER_NOT_ENFORCED, IMAGE_MISSING, IMAGE_REPLACED, POOL_FULL, STORAGE_UNAVAILABLE, the problems of disks on a shared storage, VM_BUSY when it runs here, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: OF_MIGRATION.extend({
    source: MigrationSource,
    seed: z
      .object({ metaData: document(4_096), userData: document(524_288), networkConfig: document(16_384) })
      .nullable()
      .describe('The documents of its seed; null: it has none'),
    reservePercent: z.number().min(0).max(100).describe('Of the pool, that stays free'),
  }),
  reply: MigrationTarget,
  example: {
    request: { ...exampleMigration, source: exampleSource, seed: null, reservePercent: 5 },
    reply: exampleTarget,
  },
});

export const migrateVm = defineCommand({
  name: 'host.migrate-vm',
  version: 1,
  description:
    'Moves a VM to the host that has made itself ready for it, where it stands still until host.finish-migration. It is not waited for to the end: sent again it tells how far it is. One that is off is started for it without a processor that runs. From then on nobody starts the VM here, until host.abort-migration. Errors: VM_NOT_FOUND, VM_NOT_MIGRATABLE (details.reason: PATHS), MIGRATION_FAILED (libvirt gave up, or the guest went off), the problems of disks and filters, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: OF_MIGRATION.extend({ target: MigrationTarget }),
  reply: z.object({
    departure: Departure,
    progressPercent: z.int().min(0).max(100).describe('Of what is to be copied'),
  }),
  example: {
    request: { ...exampleMigration, target: exampleTarget },
    reply: { departure: 'UNDER_WAY', progressPercent: 40 },
  },
});

export const abortMigration = defineCommand({
  name: 'host.abort-migration',
  version: 1,
  description:
    'Ends the moving of a VM at the host that it leaves, and tells what has become of it. STAYED: it is as it was before, and may be started here. It may be too late for that. Sent again it answers the same. Errors: VM_UNRESPONSIVE, HYPERVISOR_ERROR, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: OF_MIGRATION,
  reply: z.object({ departure: Departure }),
  example: { request: exampleMigration, reply: { departure: 'STAYED' } },
});

export const finishMigration = defineCommand({
  name: 'host.finish-migration',
  version: 1,
  description:
    'The VM belongs to this host from now on: its guest runs on, or its power is cut where it shall be off. One that has gone off meanwhile stays so. Errors: DISK_MISSING and the other problems of disks, HYPERVISOR_ERROR, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: OF_MIGRATION.extend({ isOn: z.boolean().describe('It shall run') }),
  reply: z.object({ power: DomainPower.nullable().describe('null: libvirt has no such domain') }),
  example: { request: { ...exampleMigration, isOn: true }, reply: { power: 'running' } },
});

export const endMigration = defineCommand({
  name: 'host.end-migration',
  version: 1,
  description:
    'Removes what a host has of a VM that belongs to another: its domain, also one that stands still, its folders, and its disk unless both hosts share their storage. None is success. Errors: VM_BUSY when its guest runs here, STORAGE_UNAVAILABLE, HYPERVISOR_ERROR, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: OF_MIGRATION.extend({
    otherStorageId: Uuid.nullable().describe(
      'Of the host that it belongs to; null: it never told, and its disk here is that of this migration alone',
    ),
  }),
  reply: z.object({ removed: z.boolean() }),
  example: { request: { ...exampleMigration, otherStorageId: OTHER_STORAGE }, reply: { removed: true } },
});

export const prepareVmNetwork = defineCommand({
  name: 'networks.prepare-vm-host',
  version: 1,
  description:
    'Makes a host have the network of a VM that is to come there. Its port stays where it is until networks.attach-vm names that host. Errors: NETWORK_NOT_FOUND, HOST_UNAVAILABLE, STALE_FENCE.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({ vmId: Uuid, departmentId: Uuid, networkId: Uuid, hostId: Uuid, fence: Fence }),
  reply: z.object({}),
  example: {
    request: {
      vmId: VM,
      departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
      networkId: '0196f5a0-0000-7000-8000-0000000000b1',
      hostId: '0196f5a0-0000-7000-8000-0000000000ab',
      fence: 3,
    },
    reply: {},
  },
});

const ON_FURTHER_HOST = z.object({ vmId: Uuid, hostId: Uuid, fence: Fence });
const exampleOnHost = { vmId: VM, hostId: '0196f5a0-0000-7000-8000-0000000000ab', fence: 3 };

export const prepareVmFilter = defineCommand({
  name: 'firewall.prepare-vm-host',
  version: 1,
  description:
    'Makes the filter of a protected VM on a further host, to which the VM is to come. Changes of rules go on reaching the host that it is on, and this one when firewall.protect-vm names it. Errors: VM_NOT_FOUND when it is not protected, HOST_UNAVAILABLE, HYPERVISOR_ERROR, FILTER_NOT_ENFORCED, STALE_FENCE.',
  owner: 'firewall',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: ON_FURTHER_HOST,
  reply: z.object({ filterName: z.string().nullable(), status: FilterStatus }),
  example: { request: exampleOnHost, reply: { filterName: `infinibay-vm-${VM}`, status: 'APPLIED' } },
});

export const releaseVmFilter = defineCommand({
  name: 'firewall.release-vm-host',
  version: 1,
  description:
    'Removes the filter of a VM from a host on which it is not, or not any more. None is success; that of the host which protects the VM stays. Errors: VM_BUSY while a domain uses it, HOST_UNAVAILABLE, STALE_FENCE.',
  owner: 'firewall',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: ON_FURTHER_HOST,
  reply: z.object({}),
  example: { request: exampleOnHost, reply: {} },
});
