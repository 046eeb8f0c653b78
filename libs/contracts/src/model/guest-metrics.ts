import { z } from 'zod';
import { Uuid } from './scalars.js';

const percent = z.number().min(0).max(100);
const count = z.number().nonnegative();

export const GuestProcess = z
  .object({
    pid: z.int().nonnegative(),
    parentPid: z.int().nonnegative().nullable(),
    name: z.string().max(256),
    commandLine: z.string().max(1_024).nullable(),
    cpuPercent: z.number().nonnegative(),
    memoryKib: count,
    status: z.string().max(32).nullable(),
  })
  .meta({ id: 'GuestProcess' });
export type GuestProcess = z.infer<typeof GuestProcess>;

/** The one internal model of what a guest says about itself; both agent dialects decode into it. */
export const GuestMetrics = z
  .object({
    uptimeSeconds: count,
    cpuPercent: percent,
    cores: z.array(percent).max(512),
    memory: z.object({
      totalKib: count,
      usedKib: count,
      availableKib: count,
      swapTotalKib: count.nullable(),
      swapUsedKib: count.nullable(),
    }),
    load: z.object({ one: count, five: count, fifteen: count }).nullable(),
    disks: z
      .array(
        z.object({
          mountPoint: z.string().max(512),
          filesystem: z.string().max(64),
          totalGib: count,
          usedGib: count,
          availableGib: count,
        }),
      )
      .max(64),
    diskIo: z
      .object({
        readBytesPerSecond: count,
        writeBytesPerSecond: count,
        readOpsPerSecond: count,
        writeOpsPerSecond: count,
      })
      .nullable(),
    interfaces: z
      .array(
        z.object({
          name: z.string().max(64),
          bytesSent: count,
          bytesReceived: count,
          packetsSent: count,
          packetsReceived: count,
          errorsIn: count,
          errorsOut: count,
          addresses: z.array(z.string().max(64)).max(32),
          isUp: z.boolean(),
        }),
      )
      .max(64),
    hostname: z.string().max(255).nullable(),
    osName: z.string().max(255).nullable(),
    osVersion: z.string().max(255).nullable(),
    kernelVersion: z.string().max(255).nullable(),
    processes: z.array(GuestProcess).max(20),
  })
  .meta({ id: 'GuestMetrics', description: 'What a guest says about itself' });
export type GuestMetrics = z.infer<typeof GuestMetrics>;

export const GuestSample = z
  .object({
    vmId: Uuid,
    departmentId: Uuid,
    sampledAt: z.iso.datetime().describe("Host's clock at reception; the guest's is not trusted"),
    metrics: GuestMetrics,
  })
  .meta({ id: 'GuestSample', description: 'One sample of one guest, as received on its host' });
export type GuestSample = z.infer<typeof GuestSample>;

export const exampleGuestSample: GuestSample = {
  vmId: '0196f5a0-0000-7000-8000-000000000001',
  departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
  sampledAt: '2026-11-22T10:00:00.000Z',
  metrics: {
    uptimeSeconds: 42,
    cpuPercent: 12.5,
    cores: [12.5],
    memory: { totalKib: 196_608, usedKib: 40_960, availableKib: 150_000, swapTotalKib: 0, swapUsedKib: 0 },
    load: { one: 0.1, five: 0.05, fifteen: 0.01 },
    disks: [],
    diskIo: null,
    interfaces: [],
    hostname: 'web-1',
    osName: 'Infinibay micro',
    osVersion: '1',
    kernelVersion: '6.1.0',
    processes: [
      { pid: 1, parentPid: 0, name: 'init', commandLine: '/init', cpuPercent: 0.1, memoryKib: 900, status: 'sleeping' },
    ],
  },
};
