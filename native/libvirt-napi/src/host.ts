import type { CallOptions, Caller } from './calls.js';
import { fromParameters, type Parameters } from './parameters.js';
import type { CpuComparison } from './vocabulary.js';

/** The host: its load, memory and CPU models. */
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
}
