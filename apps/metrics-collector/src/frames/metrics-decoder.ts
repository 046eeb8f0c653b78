import type { GuestMetrics, GuestProcess } from '@infinibay/contracts';
import {
  countAt,
  objectAt,
  objectsAt,
  percentAt,
  percentsAt,
  processIdAt,
  textAt,
  textsAt,
  type JsonObject,
} from './json-fields.js';

const MAX_PROCESSES = 20;
const MAX_CORES = 512;
const MAX_DISKS = 64;
const MAX_INTERFACES = 64;
/** Of a sample as it is kept, as JSON: several times what a large guest has to say of itself. */
const MAX_SAMPLE_BYTES = 65_536;

type ProcessDecoder = (process: JsonObject) => GuestProcess | undefined;

/** A process without an id of its own is none: left out, and the sample is still one. */
const withId = (pid: number | undefined, process: Omit<GuestProcess, 'pid'>): GuestProcess | undefined =>
  pid === undefined ? undefined : { pid, ...process };

/** Agents 0.1.1 nest the processes in `data.system` and name their fields in this way. */
const decodeNestedProcess: ProcessDecoder = (process) =>
  withId(processIdAt(process, 'id'), {
    parentPid: processIdAt(process, 'parent_id') ?? null,
    name: textAt(process, 'name', 256) ?? '',
    commandLine: textAt(process, 'command_line', 1_024) ?? textAt(process, 'executable_path', 1_024) ?? null,
    cpuPercent: countAt(process, 'cpu_usage_percent') ?? 0,
    memoryKib: countAt(process, 'memory_usage_kb') ?? 0,
    status: textAt(process, 'status', 32) ?? null,
  });

/** Newer agents, ours included, put them beside `system` and name them so. */
const decodeSiblingProcess: ProcessDecoder = (process) =>
  withId(processIdAt(process, 'pid'), {
    parentPid: processIdAt(process, 'ppid') ?? null,
    name: textAt(process, 'name', 256) ?? '',
    commandLine: textAt(process, 'cmd_line', 1_024) ?? textAt(process, 'exe_path', 1_024) ?? null,
    cpuPercent: countAt(process, 'cpu_percent') ?? 0,
    memoryKib: countAt(process, 'memory_kb') ?? 0,
    status: textAt(process, 'status', 32) ?? null,
  });

const decodeProcesses = (data: JsonObject, system: JsonObject): GuestProcess[] =>
  (isNested(system)
    ? objectsAt(system, 'processes', MAX_PROCESSES).map(decodeNestedProcess)
    : objectsAt(data, 'processes', MAX_PROCESSES).map(decodeSiblingProcess)
  ).filter((process) => process !== undefined);

/** How agents 0.1.1 speak. */
const isNested = (system: JsonObject): boolean => Array.isArray(system['processes']);

/**
 * `data` of a `metrics` frame of either dialect. What makes a sample (uptime, CPU, memory) must be there; the rest may
 * be missing.
 * @returns undefined when it is not a sample. The result always fits the GuestMetrics schema.
 */
export const decodeMetrics = (data: JsonObject): GuestMetrics | undefined => {
  const system = objectAt(data, 'system');
  const host = system === undefined ? undefined : objectAt(system, 'system');
  if (system === undefined || host === undefined) return undefined;
  const uptimeSeconds = countAt(host, 'uptime_seconds');
  const cpu = objectAt(system, 'cpu') ?? {};
  const cpuPercent = percentAt(cpu, 'usage_percent');
  const memory = decodeMemory(objectAt(system, 'memory') ?? {});
  if (uptimeSeconds === undefined || cpuPercent === undefined || memory === undefined) return undefined;
  return withinBounds({
    uptimeSeconds,
    cpuPercent,
    cores: percentsAt(cpu, 'cores_usage', MAX_CORES),
    memory,
    load: decodeLoad(objectAt(host, 'load_average')),
    ...decodeDisks(objectAt(system, 'disk') ?? {}),
    interfaces: objectsAt(objectAt(system, 'network') ?? {}, 'interfaces', MAX_INTERFACES).map(decodeInterface),
    hostname: textAt(host, 'hostname', 255) ?? null,
    osName: textAt(host, 'name', 255) ?? null,
    osVersion: textAt(host, 'os_version', 255) ?? null,
    kernelVersion: textAt(host, 'kernel_version', 255) ?? null,
    processes: decodeProcesses(data, system),
  });
};

/** One that would be larger is kept without its longest lists: a guest says what it likes, and all of it is stored. */
const withinBounds = (metrics: GuestMetrics): GuestMetrics => {
  if (bytesOf(metrics) <= MAX_SAMPLE_BYTES) return metrics;
  const lists = (['processes', 'interfaces', 'disks', 'cores'] as const).toSorted(
    (a, b) => bytesOf(metrics[b]) - bytesOf(metrics[a]),
  );
  let kept = metrics;
  for (const name of lists) if (bytesOf(kept) > MAX_SAMPLE_BYTES) kept = { ...kept, [name]: [] };
  return kept;
};

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const decodeMemory = (memory: JsonObject): GuestMetrics['memory'] | undefined => {
  const totalKib = countAt(memory, 'total_kb');
  const usedKib = countAt(memory, 'used_kb');
  if (totalKib === undefined || usedKib === undefined) return undefined;
  return {
    totalKib,
    usedKib,
    availableKib: countAt(memory, 'available_kb') ?? Math.max(0, totalKib - usedKib),
    swapTotalKib: countAt(memory, 'swap_total_kb') ?? null,
    swapUsedKib: countAt(memory, 'swap_used_kb') ?? null,
  };
};

const decodeLoad = (load: JsonObject | undefined): GuestMetrics['load'] =>
  load === undefined
    ? null
    : {
        one: countAt(load, 'load_1min') ?? 0,
        five: countAt(load, 'load_5min') ?? 0,
        fifteen: countAt(load, 'load_15min') ?? 0,
      };

const decodeDisks = (disk: JsonObject): Pick<GuestMetrics, 'disks' | 'diskIo'> => {
  const io = objectAt(disk, 'io_stats');
  return {
    disks: objectsAt(disk, 'usage_stats', MAX_DISKS).map((usage) => ({
      mountPoint: textAt(usage, 'mount_point', 512) ?? '',
      filesystem: textAt(usage, 'filesystem', 64) ?? '',
      totalGib: countAt(usage, 'total_gb') ?? 0,
      usedGib: countAt(usage, 'used_gb') ?? 0,
      availableGib: countAt(usage, 'available_gb') ?? 0,
    })),
    diskIo:
      io === undefined
        ? null
        : {
            readBytesPerSecond: countAt(io, 'read_bytes_per_sec') ?? 0,
            writeBytesPerSecond: countAt(io, 'write_bytes_per_sec') ?? 0,
            readOpsPerSecond: countAt(io, 'read_ops_per_sec') ?? 0,
            writeOpsPerSecond: countAt(io, 'write_ops_per_sec') ?? 0,
          },
  };
};

const decodeInterface = (card: JsonObject): GuestMetrics['interfaces'][number] => ({
  name: textAt(card, 'name', 64) ?? '',
  bytesSent: countAt(card, 'bytes_sent') ?? 0,
  bytesReceived: countAt(card, 'bytes_received') ?? 0,
  packetsSent: countAt(card, 'packets_sent') ?? 0,
  packetsReceived: countAt(card, 'packets_received') ?? 0,
  errorsIn: countAt(card, 'errors_in') ?? 0,
  errorsOut: countAt(card, 'errors_out') ?? 0,
  addresses: textsAt(card, 'ip_addresses', { items: 32, length: 64 }),
  isUp: card['is_up'] === true,
});
