import { z } from 'zod';
import { defineReport } from '../messages/define.js';
import { DiskProblem, HostInventory, ObservedVm } from '../model/host.js';
import { UploadBaseUrl } from '../model/image-upload.js';
import { HostRange, ObservedNetwork } from '../model/network-status.js';
import { GuestSample, exampleGuestSample } from '../model/guest-metrics.js';
import { Uuid } from '../model/scalars.js';
import { MAX_VMS_OF_LINKS, ObservedLinks } from '../model/port-links.js';
import { HostHardware } from '../model/vm-hardware.js';
import { ObservedSizes } from '../model/vm-sizes.js';
import { HostTuning } from '../model/vm-tuning.js';
import { ObservedPool, ObservedVolume } from '../model/volume.js';

const EXAMPLE_HOST = '0196f5a0-0000-7000-8000-0000000000aa';

export const hostHeartbeat = defineReport({
  name: 'host.heartbeat',
  version: 1,
  description: 'Sent by each host every few seconds: what it has and every VM that libvirt lists.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({
    inventory: HostInventory,
    vms: z.array(ObservedVm).max(5_000).describe('The full list'),
    sequence: z.int().nonnegative().describe('Grows by one per report since the agent started'),
  }),
  example: {
    inventory: {
      hostId: EXAMPLE_HOST,
      hostname: 'host-1',
      cpus: 2,
      memoryMib: 24_000,
      memoryFreeMib: 20_000,
      capabilities: {
        driver: 'QEMU',
        virtType: 'qemu',
        nwfilter: true,
        guestChannel: true,
        libvirtVersion: '9.0.0',
        hypervisorVersion: '7.2.0',
      },
      images: [],
    },
    vms: [],
    sequence: 1,
  },
});

export const hostVmPowerChanged = defineReport({
  name: 'host.vm-power-changed',
  version: 1,
  description: 'libvirt reported a change of power state. A hint: the heartbeat carries the full list.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({ hostId: Uuid, vm: ObservedVm, sequence: z.int().nonnegative() }),
  example: {
    hostId: EXAMPLE_HOST,
    vm: { vmId: '0196f5a0-0000-7000-8000-000000000001', power: 'running', reason: 'booted' },
    sequence: 2,
  },
});

export const hostNetworksObserved = defineReport({
  name: 'host.networks-observed',
  version: 1,
  description:
    'Sent by each host every few seconds and at every change: its own ranges, and each network compared with what it should be (libvirt, bridge, taps, addresses, DHCP server, leases, NAT rules).',
  producer: 'hypervisor-agent',
  consumers: ['networks'],
  data: z.object({
    hostId: Uuid,
    epoch: Uuid.describe('One run of the agent: a UUID of version 7'),
    sequence: z.int().positive().describe('Grows by one per report in its epoch'),
    ranges: z.array(HostRange).max(4_096).nullable().describe('null: not known, as on the test driver'),
    networks: z.array(ObservedNetwork).max(2_000),
  }),
  example: {
    hostId: EXAMPLE_HOST,
    epoch: '0196f5a0-0000-7000-8000-0000000000ee',
    sequence: 3,
    ranges: [{ cidr: '192.168.77.0/24', origin: 'ROUTE' }],
    networks: [
      {
        networkId: '0196f5a0-0000-7000-8000-0000000000b1',
        revision: 4,
        status: 'DRIFTED',
        differences: [{ kind: 'DHCP_SERVER_DOWN', detail: 'nothing listens on port 67' }],
        reason: null,
      },
    ],
  },
});

export const hostDisksChecked = defineReport({
  name: 'host.disks-checked',
  version: 1,
  description:
    'Every few seconds: which of the disks that this host has made are not what they must be. One that is not named is sound.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({
    hostId: Uuid,
    problems: z.array(DiskProblem.extend({ vmId: Uuid })).max(5_000),
    sequence: z.int().nonnegative(),
  }),
  example: {
    hostId: EXAMPLE_HOST,
    problems: [
      {
        vmId: '0196f5a0-0000-7000-8000-000000000001',
        code: 'DISK_MISSING',
        message: 'The disk of the virtual machine is not in the storage of its host',
      },
    ],
    sequence: 1,
  },
});

export const hostVmsMeasured = defineReport({
  name: 'host.vms-measured',
  version: 1,
  description:
    'How large VMs of the host are, as libvirt has them: those of whom libvirt told a change soon after it, and all in turn every few seconds, in as many reports as it takes. A VM that is not named was not looked at.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({
    hostId: Uuid,
    vms: z.array(ObservedSizes.extend({ vmId: Uuid })).max(1_000),
    sequence: z.int().nonnegative(),
  }),
  example: {
    hostId: EXAMPLE_HOST,
    vms: [
      {
        vmId: '0196f5a0-0000-7000-8000-000000000001',
        definition: { vcpus: 1, maxVcpus: 1, memoryKib: 262_144, maxMemoryKib: 262_144 },
        live: { vcpus: 1, maxVcpus: 1, memoryKib: 262_144, maxMemoryKib: 262_144 },
      },
    ],
    sequence: 1,
  },
});

export const hostPortLinksObserved = defineReport({
  name: 'host.port-links-observed',
  version: 1,
  description:
    'Which cards of the VMs of the host have a link, as libvirt has them: of the VMs and at the times of host.vms-measured, in as many reports as it takes. A VM that is not named was not looked at.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({
    hostId: Uuid,
    vms: z.array(ObservedLinks.extend({ vmId: Uuid })).max(MAX_VMS_OF_LINKS),
    sequence: z.int().nonnegative(),
  }),
  example: {
    hostId: EXAMPLE_HOST,
    vms: [
      {
        vmId: '0196f5a0-0000-7000-8000-000000000001',
        definition: [{ mac: '52:54:00:12:34:56', linkState: 'UP' }],
        live: [{ mac: '52:54:00:12:34:56', linkState: 'DOWN' }],
      },
    ],
    sequence: 1,
  },
});

export const hostPoolsObserved = defineReport({
  name: 'host.pools-observed',
  version: 1,
  description: 'Every few seconds: the places for volumes on a host, and what each of its volumes takes up.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({
    hostId: Uuid,
    pools: z.array(ObservedPool).max(64),
    volumes: z.array(ObservedVolume).max(5_000),
    sequence: z.int().nonnegative(),
  }),
  example: {
    hostId: EXAMPLE_HOST,
    pools: [
      {
        name: 'default',
        kind: 'dir',
        capacityBytes: 107_374_182_400,
        availableBytes: 85_899_345_920,
        problem: null,
      },
    ],
    volumes: [{ volumeId: '0196f5a0-0000-7000-8000-0000000000c1', allocationBytes: 262_144 }],
    sequence: 1,
  },
});

export const hostHardwareObserved = defineReport({
  name: 'host.hardware-observed',
  version: 1,
  description:
    'After each connection to libvirt and every few seconds: what VMs on the host can be made of, as libvirt tells it. An older agent does not send it.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({ hostId: Uuid, hardware: HostHardware, sequence: z.int().nonnegative() }),
  example: {
    hostId: EXAMPLE_HOST,
    hardware: {
      machines: [
        { machine: 'PC', firmwares: ['BIOS', 'UEFI'] },
        { machine: 'Q35', firmwares: ['BIOS', 'UEFI', 'UEFI_SECURE_BOOT'] },
      ],
      cpuModels: ['HOST_MODEL', 'HOST_PASSTHROUGH', 'MAXIMUM', 'EPYC-Milan'],
      tpm: true,
    },
    sequence: 1,
  },
});

export const hostTuningObserved = defineReport({
  name: 'host.tuning-observed',
  version: 1,
  description:
    'With host.hardware-observed: the NUMA nodes of the host with their CPUs, and its huge pages with how many of them are free now. An older agent does not send it.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({ hostId: Uuid, tuning: HostTuning, sequence: z.int().nonnegative() }),
  example: {
    hostId: EXAMPLE_HOST,
    tuning: {
      nodes: [
        {
          id: 0,
          cpus: [0, 2],
          memoryMib: 16_384,
          hugePages: [
            { size: 'MIB_2', total: 1_024, free: 512 },
            { size: 'GIB_1', total: 0, free: 0 },
          ],
        },
        { id: 1, cpus: [1, 3], memoryMib: 16_384, hugePages: [] },
      ],
    },
    sequence: 1,
  },
});

export const hostUploadsOffered = defineReport({
  name: 'host.uploads-offered',
  version: 1,
  description: 'Every few seconds: where browsers send images to a host.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({
    hostId: Uuid,
    url: UploadBaseUrl.nullable().describe('/uploads/<imageId> is added to it; null: it takes none'),
    sequence: z.int().nonnegative(),
  }),
  example: { hostId: EXAMPLE_HOST, url: 'https://host-1.example.org:8443', sequence: 1 },
});

export const hostImageCopiesOffered = defineReport({
  name: 'host.image-copies-offered',
  version: 1,
  description:
    'Every few seconds: that a host takes copies of images from other hosts, and where those read what it has. An older agent does not send it.',
  producer: 'hypervisor-agent',
  consumers: ['vms'],
  data: z.object({
    hostId: Uuid,
    url: UploadBaseUrl.nullable().describe('/uploads/<imageId>/content is added to it; null: it sends none'),
    sequence: z.int().nonnegative(),
  }),
  example: { hostId: EXAMPLE_HOST, url: 'https://host-1.example.org:8443', sequence: 1 },
});

export const guestSampled = defineReport({
  name: 'guest.sampled',
  version: 1,
  description: 'A live sample of a guest; published on infinibay.metrics.v1.<departmentId>.<vmId>.',
  producer: 'metrics-collector',
  consumers: ['realtime'],
  data: GuestSample,
  example: exampleGuestSample,
});
