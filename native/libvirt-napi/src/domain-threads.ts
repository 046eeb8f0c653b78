import type { Affect, IoThread } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { IO_THREAD_KINDS } from './parameter-kinds.js';
import { type ParametersOf, toParameters } from './parameters.js';

/** How an I/O thread polls before it sleeps (ns), and how many threads it may have. */
export type IoThreadTuning = ParametersOf<typeof IO_THREAD_KINDS>;

/** The threads that do the I/O of a domain's disks. */
export class IoThreads {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** All of them, with the host CPUs that they may run on (`virDomainGetIOThreadInfo`). */
  list(options: Affect & CallOptions = {}): Promise<IoThread[]> {
    return this.#calls.run(options, (native, t, k) => native.ioThreads(this.#domain, options, t, k));
  }

  /** Adds one, of a number from 1 (`virDomainAddIOThread`). */
  async add(id: number, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.addIoThread(this.#domain, id, options, t, k));
  }

  /** Removes one that no disk uses (`virDomainDelIOThread`). */
  async remove(id: number, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.removeIoThread(this.#domain, id, options, t, k));
  }

  /** Lets one run on these host CPUs only (`virDomainPinIOThread`). */
  async pin(id: number, cpus: readonly number[], options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.pinIoThread(this.#domain, id, [...cpus], options, t, k));
  }

  /** How one polls (`virDomainSetIOThreadParams`). Running domains only. */
  async tune(id: number, tuning: IoThreadTuning, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.tuneIoThread(this.#domain, id, toParameters(IO_THREAD_KINDS, tuning), options, t, k),
    );
  }
}
