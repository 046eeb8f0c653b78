import { z } from 'zod';
import { defineQuery } from '../messages/define.js';
import { HostDetails } from '../model/host-details.js';

/** A query of its own: the heartbeat goes out every few seconds and keeps to what placement needs. */
export const getHostDetails = defineQuery({
  name: 'host.get-details',
  version: 1,
  description:
    'What the host is: CPU, memory, NUMA cells, devices, versions, machine types, and whether KVM works. Read now. Errors: HOST_UNAVAILABLE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({}),
  reply: z.object({ details: HostDetails }),
  example: {
    request: {},
    reply: {
      details: {
        hostId: '0196f5a0-0000-7000-8000-0000000000aa',
        hostname: 'host-1',
        readAt: '2026-11-22T10:00:00.000Z',
        driver: 'QEMU',
        libvirtVersion: '9.0.0',
        hypervisorVersion: '7.2.0',
        kvm: { works: true, reason: null, checkedAt: '2026-11-22T09:00:00.000Z' },
        cpu: {
          arch: 'x86_64',
          model: 'EPYC-Milan',
          vendor: 'AMD',
          features: ['vaes'],
          mhz: 2_600,
          online: 2,
          socketsPerCell: 1,
          coresPerSocket: 2,
          threadsPerCore: 1,
        },
        memoryMib: 24_000,
        memoryFreeMib: 20_000,
        numaCells: [
          {
            id: 0,
            memoryMib: 24_000,
            memoryFreeMib: 20_000,
            cpus: [0, 1],
            distances: [{ cellId: 0, distance: 10 }],
          },
        ],
        guestKinds: [
          {
            arch: 'x86_64',
            virtTypes: ['qemu', 'kvm'],
            machineTypes: [{ name: 'pc', canonicalName: 'pc-i440fx-7.2', maxVcpus: 255, deprecated: false }],
          },
        ],
        pciDevices: null,
      },
    },
  },
});
