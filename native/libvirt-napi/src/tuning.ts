import type { Affect } from './addon.js';
import type { CallOptions, Caller } from './calls.js';
import {
  BLOCK_IO_KINDS,
  fromParameters,
  MEMORY_KINDS,
  NUMA_KINDS,
  type ParameterKinds,
  type Parameters,
  type ParametersOf,
  SCHEDULER_KINDS,
  toParameters,
} from './parameters.js';

/** Which limits are meant. */
export type TuningKind = 'scheduler' | 'memory' | 'block-io' | 'numa';

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

  /** Limits and weights (`virDomainGetSchedulerParametersFlags`, `GetMemoryParameters`, `GetBlkioParameters`, `GetNumaParameters`). */
  async get(kind: TuningKind, options: Affect & CallOptions = {}): Promise<Parameters> {
    return fromParameters(
      await this.#calls.run(options, (native, t, k) => native.tuning(this.#domain, kind, options, t, k)),
    );
  }

  /** Sets them; what is not named stays. `INVALID_ARG` for a name or a value that libvirt doesn't have. */
  async set<K extends TuningKind>(kind: K, values: TuningValues[K], options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setTuning(this.#domain, kind, toParameters(KINDS[kind], values), options, t, k),
    );
  }

  /** Lets a virtual CPU run on these host CPUs only (`virDomainPinVcpuFlags`). */
  async pinVcpu(vcpu: number, cpus: readonly number[], options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.pinVcpu(this.#domain, vcpu, [...cpus], options, t, k));
  }

  /** The host CPUs of each virtual CPU (`virDomainGetVcpuPinInfo`). */
  vcpuPins(options: Affect & CallOptions = {}): Promise<number[][]> {
    return this.#calls.run(options, (native, t, k) => native.vcpuPins(this.#domain, options, t, k));
  }
}
