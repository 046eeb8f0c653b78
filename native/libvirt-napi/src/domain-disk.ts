import type { Affect, BlockInfo, BlockJob, CommitFlags, CopyFlags } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { COPY_KINDS, IO_TUNE_KINDS } from './parameter-kinds.js';
import { fromParameters, type Parameters, type ParametersOf, toParameters } from './parameters.js';

/** Throughput limits of one disk. */
export type IoTune = ParametersOf<typeof IO_TUNE_KINDS>;

/** How fast and how finely a disk is copied. */
export type CopyTuning = ParametersOf<typeof COPY_KINDS>;

/** Which layers are merged, and how fast in bytes a second (0: no limit). */
export interface CommitRange {
  /** The layer merged into; the lowest when absent. */
  readonly base?: string;
  /** The uppermost layer merged; the one the guest writes to when absent. */
  readonly top?: string;
  readonly bandwidthBytes?: number;
}

/** One disk of a domain, by target (`vda`) or source. Sizes and bandwidths are bytes. */
export class Disk {
  readonly name: string;
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string, name: string) {
    this.#calls = calls;
    this.#domain = domain;
    this.name = name;
  }

  /** Sizes (`virDomainGetBlockInfo`). */
  info(options?: CallOptions): Promise<BlockInfo> {
    return this.#calls.run(options, (native, t, k) => native.blockInfo(this.#domain, this.name, t, k));
  }

  /** Counters under libvirt's names, e.g. `rd_bytes` (`virDomainBlockStatsFlags`). Running domains only. */
  async stats(options?: CallOptions): Promise<Parameters> {
    const told = await this.#calls.run(options, (native, t, k) => native.blockStats(this.#domain, this.name, t, k));
    return fromParameters(told);
  }

  /** Changes the size that the guest sees (`virDomainBlockResize`). Running domains only. */
  async resize(bytes: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.blockResize(this.#domain, this.name, bytes, t, k));
  }

  /** Throughput limits (`virDomainGetBlockIoTune`). */
  async ioTune(options: Affect & CallOptions = {}): Promise<Parameters> {
    const told = await this.#calls.run(options, (native, t, k) =>
      native.blockIoTune(this.#domain, this.name, options, t, k),
    );
    return fromParameters(told);
  }

  /** Sets throughput limits; what is not named stays (`virDomainSetBlockIoTune`). */
  async setIoTune(tune: IoTune, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setBlockIoTune(this.#domain, this.name, toParameters(IO_TUNE_KINDS, tune), options, t, k),
    );
  }

  /** Begins copying to where the `<disk>` XML says (`virDomainBlockCopy`); `job()` and `abortJob({ pivot })` end it. */
  async copy(xml: string, tuning: CopyTuning = {}, options: CopyFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.blockCopy(this.#domain, this.name, xml, toParameters(COPY_KINDS, tuning), options, t, k),
    );
  }

  /** Begins merging layers downwards (`virDomainBlockCommit`). */
  async commit(range: CommitRange = {}, options: CommitFlags & CallOptions = {}): Promise<void> {
    const { base = null, top = null, bandwidthBytes = 0 } = range;
    await this.#calls.run(options, (native, t, k) =>
      native.blockCommit(this.#domain, this.name, base, top, bandwidthBytes, options, t, k),
    );
  }

  /** Begins pulling the layers above `base`, or all, into the one the guest writes to (`virDomainBlockRebase`). */
  async pull(range: Omit<CommitRange, 'top'> = {}, options?: CallOptions): Promise<void> {
    const { base = null, bandwidthBytes = 0 } = range;
    await this.#calls.run(options, (native, t, k) =>
      native.blockPull(this.#domain, this.name, base, bandwidthBytes, t, k),
    );
  }

  /** The job that runs on it, null when none does (`virDomainGetBlockJobInfo`). */
  job(options?: CallOptions): Promise<BlockJob | null> {
    return this.#calls.run(options, (native, t, k) => native.blockJob(this.#domain, this.name, t, k));
  }

  /** Ends its job (`virDomainBlockJobAbort`): `pivot` onto the copy; `noWait` returns before it has ended. */
  async abortJob(options: { readonly pivot?: boolean; readonly noWait?: boolean } & CallOptions = {}): Promise<void> {
    const { pivot = false, noWait = false } = options;
    await this.#calls.run(options, (native, t, k) =>
      native.abortBlockJob(this.#domain, this.name, pivot, noWait, t, k),
    );
  }

  /** Tells once, by the event `blockThreshold`, when it is written beyond so many bytes (`virDomainSetBlockThreshold`). */
  async setThreshold(bytes: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setBlockThreshold(this.#domain, this.name, bytes, t, k));
  }

  /** 1 byte to 64 KiB of it as the guest sees them (`virDomainBlockPeek`). */
  peek(offset: number, length: number, options?: CallOptions): Promise<Buffer> {
    return this.#calls.run(options, (native, t, k) => native.peekDisk(this.#domain, this.name, offset, length, t, k));
  }

  /** Limits its job, bytes a second (`virDomainBlockJobSetSpeed`). */
  async setJobSpeed(bytesPerSecond: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setBlockJobSpeed(this.#domain, this.name, bytesPerSecond, t, k),
    );
  }
}
