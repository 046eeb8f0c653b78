import type { TypedParameter } from './addon.js';

/** What libvirt tells under names of its own, e.g. `{ data_processed: 4096 }`. 64-bit numbers are exact up to 2^53. */
export type Parameters = Readonly<Record<string, boolean | number | string>>;

/** The kinds that libvirt expects, by name. */
export type ParameterKinds = Readonly<Record<string, TypedParameter['kind']>>;

/** Parameters that may be set: each of `K`, as a number, or as a text where its kind is `string`. */
export type ParametersOf<K extends ParameterKinds> = {
  readonly [name in keyof K]?: K[name] extends 'string' ? string : K[name] extends 'boolean' ? boolean : number;
};

/** What libvirt told, as an object. */
export function fromParameters(told: readonly TypedParameter[]): Parameters {
  return Object.fromEntries(told.map(({ name, value }) => [name, value]));
}

/** For libvirt; throws a TypeError for a name that it doesn't have. */
export function toParameters(kinds: ParameterKinds, values: object): TypedParameter[] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    const kind = kinds[name];
    if (kind === undefined) throw new TypeError(`there is no parameter ${name}`);
    if (typeof value !== 'boolean' && typeof value !== 'number' && typeof value !== 'string') {
      throw new TypeError(`${name} must be a number, a text or a boolean`);
    }
    return [{ name, kind, value }];
  });
}

/** CPU time (`virDomainSetSchedulerParametersFlags`); periods and quotas in us, a quota of -1 is no limit. */
export const SCHEDULER_KINDS = {
  cpu_shares: 'ullong',
  vcpu_period: 'ullong',
  vcpu_quota: 'llong',
  emulator_period: 'ullong',
  emulator_quota: 'llong',
  global_period: 'ullong',
  global_quota: 'llong',
  iothread_period: 'ullong',
  iothread_quota: 'llong',
  weight: 'uint',
  cap: 'uint',
} as const satisfies ParameterKinds;

/** Memory limits in KiB (`virDomainSetMemoryParameters`). */
export const MEMORY_KINDS = {
  hard_limit: 'ullong',
  soft_limit: 'ullong',
  min_guarantee: 'ullong',
  swap_hard_limit: 'ullong',
} as const satisfies ParameterKinds;

/** Weights and limits of all disks together (`virDomainSetBlkioParameters`). */
export const BLOCK_IO_KINDS = {
  weight: 'uint',
  device_weight: 'string',
  device_read_iops_sec: 'string',
  device_write_iops_sec: 'string',
  device_read_bytes_sec: 'string',
  device_write_bytes_sec: 'string',
} as const satisfies ParameterKinds;

/** NUMA placement (`virDomainSetNumaParameters`). */
export const NUMA_KINDS = { numa_mode: 'int', numa_nodeset: 'string' } as const satisfies ParameterKinds;

/** Throughput of one disk (`virDomainSetBlockIoTune`); bytes or operations a second, 0 is no limit, lengths in s. */
export const IO_TUNE_KINDS = {
  total_bytes_sec: 'ullong',
  read_bytes_sec: 'ullong',
  write_bytes_sec: 'ullong',
  total_iops_sec: 'ullong',
  read_iops_sec: 'ullong',
  write_iops_sec: 'ullong',
  total_bytes_sec_max: 'ullong',
  read_bytes_sec_max: 'ullong',
  write_bytes_sec_max: 'ullong',
  total_iops_sec_max: 'ullong',
  read_iops_sec_max: 'ullong',
  write_iops_sec_max: 'ullong',
  total_bytes_sec_max_length: 'ullong',
  read_bytes_sec_max_length: 'ullong',
  write_bytes_sec_max_length: 'ullong',
  total_iops_sec_max_length: 'ullong',
  read_iops_sec_max_length: 'ullong',
  write_iops_sec_max_length: 'ullong',
  size_iops_sec: 'ullong',
  group_name: 'string',
} as const satisfies ParameterKinds;

/** How a disk is copied (`virDomainBlockCopy`): bytes a second, and sizes in bytes. */
export const COPY_KINDS = {
  bandwidth: 'ullong',
  granularity: 'uint',
  'buf-size': 'ullong',
} as const satisfies ParameterKinds;
