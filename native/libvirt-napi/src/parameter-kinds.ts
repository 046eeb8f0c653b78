import type { ParameterKinds } from './parameters.js';

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

/** Performance events (`virDomainSetPerfEvents`). */
export const PERF_KINDS = {
  cmt: 'boolean',
  mbmt: 'boolean',
  mbml: 'boolean',
  cache_misses: 'boolean',
  cache_references: 'boolean',
  instructions: 'boolean',
  cpu_cycles: 'boolean',
  branch_instructions: 'boolean',
  branch_misses: 'boolean',
  bus_cycles: 'boolean',
  stalled_cycles_frontend: 'boolean',
  stalled_cycles_backend: 'boolean',
  ref_cpu_cycles: 'boolean',
  cpu_clock: 'boolean',
  task_clock: 'boolean',
  page_faults: 'boolean',
  context_switches: 'boolean',
  cpu_migrations: 'boolean',
  page_faults_min: 'boolean',
  page_faults_maj: 'boolean',
  alignment_faults: 'boolean',
  emulation_faults: 'boolean',
} as const satisfies ParameterKinds;

/** Bandwidth of an interface (`virDomainSetInterfaceParameters`): KiB a second and KiB; an average of 0 is no limit. */
export const INTERFACE_KINDS = {
  'inbound.average': 'uint',
  'inbound.peak': 'uint',
  'inbound.burst': 'uint',
  'inbound.floor': 'uint',
  'outbound.average': 'uint',
  'outbound.peak': 'uint',
  'outbound.burst': 'uint',
} as const satisfies ParameterKinds;

/** Bandwidth of a network's port (`virNetworkPortSetParameters`): KiB a second and KiB. */
export const PORT_KINDS = {
  'inbound.average': 'uint',
  'inbound.peak': 'uint',
  'inbound.burst': 'uint',
  'inbound.floor': 'uint',
  'outbound.average': 'uint',
  'outbound.peak': 'uint',
  'outbound.burst': 'uint',
} as const satisfies ParameterKinds;

/** How an I/O thread polls (`virDomainSetIOThreadParams`): ns, and factors; threads of its pool. */
export const IO_THREAD_KINDS = {
  poll_max_ns: 'ullong',
  poll_grow: 'uint',
  poll_shrink: 'uint',
  thread_pool_min: 'int',
  thread_pool_max: 'int',
} as const satisfies ParameterKinds;

/** How the host shares equal pages (`virNodeSetMemoryParameters`). */
export const HOST_MEMORY_KINDS = {
  shm_pages_to_scan: 'uint',
  shm_sleep_millisecs: 'uint',
  shm_merge_across_nodes: 'uint',
} as const satisfies ParameterKinds;

/** How a domain is migrated (`virDomainMigrate3`): MiB a second, bytes, percent. */
export const MIGRATE_KINDS = {
  migrate_uri: 'string',
  destination_name: 'string',
  destination_xml: 'string',
  persistent_xml: 'string',
  bandwidth: 'ullong',
  'bandwidth.postcopy': 'ullong',
  graphics_uri: 'string',
  listen_address: 'string',
  migrate_disks: 'string',
  disks_port: 'int',
  disks_uri: 'string',
  compression: 'string',
  'compression.mt.level': 'int',
  'compression.mt.threads': 'int',
  'compression.mt.dthreads': 'int',
  'compression.xbzrle.cache': 'ullong',
  'auto_converge.initial': 'int',
  'auto_converge.increment': 'int',
  'parallel.connections': 'int',
  'tls.destination': 'string',
} as const satisfies ParameterKinds;

/** What a guest with launch security is given at its start (`virDomainSetLaunchSecurityState`). */
export const LAUNCH_SECURITY_KINDS = {
  'sev-secret-header': 'string',
  'sev-secret': 'string',
  'sev-secret-set-address': 'ullong',
} as const satisfies ParameterKinds;
