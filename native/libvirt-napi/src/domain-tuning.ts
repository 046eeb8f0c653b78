import type { Affect } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { INTERFACE_KINDS, BLOCK_IO_KINDS, MEMORY_KINDS, NUMA_KINDS, SCHEDULER_KINDS } from './parameter-kinds.js';
import { fromParameters, type ParameterKinds, type Parameters, type ParametersOf, toParameters } from './parameters.js';

/** Which limits are meant. */
export type TuningKind = 'scheduler' | 'memory' | 'block-io' | 'numa';

/** Bandwidth of an interface, KiB a second and KiB; an average of 0 is no limit. */
export type InterfaceBandwidth = ParametersOf<typeof INTERFACE_KINDS>;

/** What may be set, by kind: libvirt's own names. */
export interface TuningValues {
  readonly scheduler: ParametersOf<typeof SCHEDULER_KINDS>;
  readonly memory: ParametersOf<typeof MEMORY_KINDS>;
  readonly 'block-io': ParametersOf<typeof BLOCK_IO_KINDS>;
  readonly numa: ParametersOf<typeof NUMA_KINDS>;
}

const KINDS: Readonly<Record<TuningKind, ParameterKinds>> = {
  scheduler: SCHEDULER_KINDS,
  memory: MEMORY_KINDS,
  'block-io': BLOCK_IO_KINDS,
  numa: NUMA_KINDS,
};

/** A domain's limits, weights and CPU pinning. */
export class Tuning {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** Limits and weights (`virDomainGetSchedulerParametersFlags`, `virDomainGetMemoryParameters`, `virDomainGetBlkioParameters`, `virDomainGetNumaParameters`). */
  async get(kind: TuningKind, options: Affect & CallOptions = {}): Promise<Parameters> {
    return fromParameters(
      await this.#calls.run(options, (native, t, k) => native.tuning(this.#domain, kind, options, t, k)),
    );
  }

  /**
   * Sets them; what is not named stays (`virDomainSetSchedulerParametersFlags`, `virDomainSetMemoryParameters`,
   * `virDomainSetBlkioParameters`, `virDomainSetNumaParameters`). `INVALID_ARG` for a name or a value that libvirt
   * doesn't have.
   */
  async set<K extends TuningKind>(kind: K, values: TuningValues[K], options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setTuning(this.#domain, kind, toParameters(KINDS[kind], values), options, t, k),
    );
  }

  /** Lets a virtual CPU run on these host CPUs only (`virDomainPinVcpuFlags`). */
  async pinVcpu(vcpu: number, cpus: readonly number[], options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.pinVcpu(this.#domain, vcpu, [...cpus], options, t, k));
  }

  /** Lets the emulator's own threads run on these host CPUs only (`virDomainPinEmulator`). */
  async pinEmulator(cpus: readonly number[], options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.pinEmulator(this.#domain, [...cpus], options, t, k));
  }

  /** The host CPUs of the emulator's threads (`virDomainGetEmulatorPinInfo`). */
  emulatorPin(options: Affect & CallOptions = {}): Promise<number[]> {
    return this.#calls.run(options, (native, t, k) => native.emulatorPin(this.#domain, options, t, k));
  }

  /** An interface's bandwidth, by its name on the host or its MAC address (`virDomainGetInterfaceParameters`). */
  async interfaceBandwidth(device: string, options: Affect & CallOptions = {}): Promise<Parameters> {
    return fromParameters(
      await this.#calls.run(options, (native, t, k) => native.interfaceTune(this.#domain, device, options, t, k)),
    );
  }

  /** Sets it (`virDomainSetInterfaceParameters`). */
  async setInterfaceBandwidth(
    device: string,
    bandwidth: InterfaceBandwidth,
    options: Affect & CallOptions = {},
  ): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setInterfaceTune(this.#domain, device, toParameters(INTERFACE_KINDS, bandwidth), options, t, k),
    );
  }

  /** The host CPUs of each virtual CPU (`virDomainGetVcpuPinInfo`). */
  vcpuPins(options: Affect & CallOptions = {}): Promise<number[][]> {
    return this.#calls.run(options, (native, t, k) => native.vcpuPins(this.#domain, options, t, k));
  }
}
