import type { Affect, ControlInfo, DiskError, DumpFlags, SecurityLabel } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { PERF_KINDS } from './parameter-kinds.js';
import { fromParameters, type Parameters, type ParametersOf, toParameters } from './parameters.js';

/** CPU time of a domain under libvirt's names: `cpu_time`, `user_time`, `system_time`, `vcpu_time`, ns. */
export interface CpuUsage {
  readonly total: Parameters;
  /** By host CPU. */
  readonly perCpu: readonly Parameters[];
}

/** How a core dump is written. */
export type DumpFormat = 'raw' | 'kdump-zlib' | 'kdump-lzo' | 'kdump-snappy' | 'win-dmp';

/** Which performance events are counted; the statistics group `perf` then tells them. */
export type PerfEvents = ParametersOf<typeof PERF_KINDS>;

/** A look into a domain from outside: what is wrong with it, and what it does. */
export class Diagnostics {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** How the hypervisor's own process does (`virDomainGetControlInfo`). */
  control(options?: CallOptions): Promise<ControlInfo> {
    return this.#calls.run(options, (native, t, k) => native.controlInfo(this.#domain, t, k));
  }

  /** What libvirt warns of: tainted, or features that go away (`virDomainGetMessages`). */
  messages(options?: CallOptions): Promise<string[]> {
    return this.#calls.run(options, (native, t, k) => native.domainMessages(this.#domain, t, k));
  }

  /** The labels of its process (`virDomainGetSecurityLabelList`). Running domains only. */
  securityLabels(options?: CallOptions): Promise<SecurityLabel[]> {
    return this.#calls.run(options, (native, t, k) => native.securityLabels(this.#domain, t, k));
  }

  /** Measurements of a guest with launch security (`virDomainGetLaunchSecurityInfo`). */
  async launchSecurity(options?: CallOptions): Promise<Parameters> {
    return fromParameters(await this.#calls.run(options, (native, t, k) => native.launchSecurity(this.#domain, t, k)));
  }

  /** CPU time in all and by host CPU (`virDomainGetCPUStats`). Needs the host's cpuacct control group. */
  async cpuUsage(options?: CallOptions): Promise<CpuUsage> {
    const told = await this.#calls.run(options, (native, t, k) => native.cpuUsage(this.#domain, t, k));
    return { total: fromParameters(told.total), perCpu: told.perCpu.map(fromParameters) };
  }

  /** Its disks with an error (`virDomainGetDiskErrors`). */
  diskErrors(options?: CallOptions): Promise<DiskError[]> {
    return this.#calls.run(options, (native, t, k) => native.diskErrors(this.#domain, t, k));
  }

  /** Which performance events are counted (`virDomainGetPerfEvents`). */
  async perfEvents(options: Affect & CallOptions = {}): Promise<Parameters> {
    return fromParameters(
      await this.#calls.run(options, (native, t, k) => native.perfEvents(this.#domain, options, t, k)),
    );
  }

  /** Counts them or not (`virDomainSetPerfEvents`). */
  async setPerfEvents(events: PerfEvents, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setPerfEvents(this.#domain, toParameters(PERF_KINDS, events), options, t, k),
    );
  }

  /** Measures for so many seconds how fast the guest changes its memory; the group `dirtyRate` then tells (`virDomainStartDirtyRateCalc`). */
  async startDirtyRate(seconds: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.startDirtyRate(this.#domain, seconds, t, k));
  }

  /** 1 byte to 64 KiB of its memory, at a virtual address or a physical one (`virDomainMemoryPeek`). */
  peekMemory(
    start: number,
    length: number,
    options: { readonly physical?: boolean } & CallOptions = {},
  ): Promise<Buffer> {
    const physical = options.physical ?? false;
    return this.#calls.run(options, (native, t, k) => native.peekMemory(this.#domain, start, length, physical, t, k));
  }

  /** Writes its memory into a file of the host (`virDomainCoreDumpWithFormat`). Can take long. */
  async dumpCore(
    path: string,
    options: DumpFlags & { readonly format?: DumpFormat } & CallOptions = {},
  ): Promise<void> {
    const format = options.format ?? 'raw';
    await this.#calls.run(options, (native, t, k) => native.dumpCore(this.#domain, path, format, options, t, k));
  }

  /** Sends the guest a non-maskable interrupt (`virDomainInjectNMI`). */
  async injectNmi(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.injectNmi(this.#domain, t, k));
  }

  /** Sends a signal to a process in a container (`virDomainSendProcessSignal`); QEMU says `NO_SUPPORT`. */
  async signalProcess(pid: number, signal: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.signalProcess(this.#domain, pid, signal, t, k));
  }

  /**
   * Sends a command to QEMU itself and gives its answer, JSON, or text with `human` (`virDomainQemuMonitorCommand`).
   * libvirt marks the domain as tainted, and nothing keeps a command from breaking it.
   */
  monitorCommand(command: string, options: { readonly human?: boolean } & CallOptions = {}): Promise<string> {
    const human = options.human ?? false;
    return this.#calls.run(options, (native, t, k) => native.monitorCommand(this.#domain, command, human, t, k));
  }
}
