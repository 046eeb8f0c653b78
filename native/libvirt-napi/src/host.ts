import type { CapabilityQuery, LinkSecurity, PageCount, SecurityModel } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { HOST_MEMORY_KINDS } from './parameter-kinds.js';
import { fromParameters, type Parameters, type ParametersOf, toParameters } from './parameters.js';
import type { CpuComparison } from './vocabulary.js';

/** How the host shares equal memory pages. */
export type HostMemoryTuning = ParametersOf<typeof HOST_MEMORY_KINDS>;

/** The host: its load, memory, CPU models and tables. */
export class Host {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  /** CPU time in ns since boot (`kernel`, `user`, `idle`, `iowait`), of all CPUs or of one (`virNodeGetCPUStats`). */
  async cpuStats(options: { readonly cpu?: number } & CallOptions = {}): Promise<Parameters> {
    const cpu = options.cpu ?? null;
    return fromParameters(await this.#calls.run(options, (native, t, k) => native.hostCpuStats(cpu, t, k)));
  }

  /** Memory in KiB (`total`, `free`, `buffers`, `cached`), of the host or of one NUMA node (`virNodeGetMemoryStats`). */
  async memoryStats(options: { readonly numaNode?: number } & CallOptions = {}): Promise<Parameters> {
    const cell = options.numaNode ?? null;
    return fromParameters(await this.#calls.run(options, (native, t, k) => native.hostMemoryStats(cell, t, k)));
  }

  /** Free memory of each NUMA node in bytes (`virNodeGetCellsFreeMemory`). Which CPUs each has, `capabilities()` tells. */
  numaFreeMemory(options?: CallOptions): Promise<number[]> {
    return this.#calls.run(options, (native, t, k) => native.cellsFreeMemory(t, k));
  }

  /** The CPU models that libvirt knows for an architecture, e.g. `x86_64` (`virConnectGetCPUModelNames`). */
  cpuModels(arch: string, options?: CallOptions): Promise<string[]> {
    return this.#calls.run(options, (native, t, k) => native.cpuModels(arch, t, k));
  }

  /** How the host's CPU compares to `<cpu>` or capabilities XML (`virConnectCompareCPU`). */
  compareCpu(xml: string, options?: CallOptions): Promise<CpuComparison> {
    return this.#calls.run(options, (native, t, k) => native.compareCpu(xml, t, k));
  }

  /** The best `<cpu>` that all of these `<cpu>` or capabilities XML have (`virConnectBaselineCPU`). */
  baselineCpu(cpus: readonly string[], options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.baselineCpu([...cpus], t, k));
  }

  /** How the CPU that a hypervisor offers compares to `<cpu>` XML (`virConnectCompareHypervisorCPU`). */
  compareHypervisorCpu(xml: string, options: CapabilityQuery & CallOptions = {}): Promise<CpuComparison> {
    return this.#calls.run(
      options,
      (native, t, k) => native.compareHypervisorCpu(xml, options, t, k) as Promise<CpuComparison>,
    );
  }

  /** The best `<cpu>` that a hypervisor offers on all of these hosts (`virConnectBaselineHypervisorCPU`). */
  baselineHypervisorCpu(cpus: readonly string[], options: CapabilityQuery & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.baselineHypervisorCpu([...cpus], options, t, k));
  }

  /** The host's SMBIOS tables as XML (`virConnectGetSysinfo`). */
  systemInfo(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.systemInfo(t, k));
  }

  /** Whether somebody could listen to the link to the daemon (`virConnectIsSecure`, `virConnectIsEncrypted`). */
  linkSecurity(options?: CallOptions): Promise<LinkSecurity> {
    return this.#calls.run(options, (native, t, k) => native.linkSecurity(t, k));
  }

  /** The host's security driver (`virNodeGetSecurityModel`). */
  securityModel(options?: CallOptions): Promise<SecurityModel> {
    return this.#calls.run(options, (native, t, k) => native.securityModel(t, k));
  }

  /** How it shares equal pages, under libvirt's names (`virNodeGetMemoryParameters`). */
  async memoryTuning(options?: CallOptions): Promise<Parameters> {
    return fromParameters(await this.#calls.run(options, (native, t, k) => native.hostMemoryParameters(t, k)));
  }

  /** Sets it (`virNodeSetMemoryParameters`). */
  async setMemoryTuning(tuning: HostMemoryTuning, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setHostMemoryParameters(toParameters(HOST_MEMORY_KINDS, tuning), t, k),
    );
  }

  /** Free pages of these sizes (KiB), by NUMA node from `firstNode` on, in the order of the sizes (`virNodeGetFreePages`). */
  freePages(
    sizesKib: readonly number[],
    options: { readonly firstNode?: number; readonly nodes?: number } & CallOptions = {},
  ): Promise<number[][]> {
    const { firstNode = 0, nodes = 1 } = options;
    return this.#calls.run(options, (native, t, k) => native.freePages([...sizesKib], firstNode, nodes, t, k));
  }

  /** Keeps huge pages ready, so many or with `add` so many more, on one NUMA node or all; gives on how many it did (`virNodeAllocPages`). */
  allocatePages(
    pages: readonly PageCount[],
    options: { readonly numaNode?: number; readonly add?: boolean } & CallOptions = {},
  ): Promise<number> {
    const { numaNode, add = false } = options;
    return this.#calls.run(options, (native, t, k) => native.allocatePages([...pages], numaNode, add, t, k));
  }

  /** What its SEV offers; `OPERATION_UNSUPPORTED` without one (`virNodeGetSEVInfo`). */
  async sevInfo(options?: CallOptions): Promise<Parameters> {
    return fromParameters(await this.#calls.run(options, (native, t, k) => native.sevInfo(t, k)));
  }

  /** Lets the host itself sleep for at least 60 seconds (`virNodeSuspendForDuration`). */
  async suspend(target: 'memory' | 'disk' | 'hybrid', seconds: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.suspendHost(target, seconds, t, k));
  }

  /** The most CPUs that a guest may have, of a kind such as `kvm` or the driver's own (`virConnectGetMaxVcpus`). */
  maxVcpus(options: { readonly kind?: string } & CallOptions = {}): Promise<number> {
    return this.#calls.run(options, (native, t, k) => native.maxVcpus(options.kind, t, k));
  }
}
