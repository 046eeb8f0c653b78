import type { CallOptions, Caller } from './calls.js';
import type {
  CheckpointDeleteFlags,
  CheckpointFlags,
  CheckpointRecord,
  CheckpointXmlFlags,
} from './generated/addon.js';

/** A running domain's checkpoints: moments from which on changed blocks are known. */
export class Checkpoints {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** Makes a checkpoint from `<domaincheckpoint>` XML and gives its name (`virDomainCheckpointCreateXML`). */
  create(xml: string, options: CheckpointFlags & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.createCheckpoint(this.#domain, xml, options, t, k));
  }

  /** All checkpoints, parents before children (`virDomainListAllCheckpoints`). */
  list(options?: CallOptions): Promise<CheckpointRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listCheckpoints(this.#domain, t, k));
  }

  /** Deletes one (`virDomainCheckpointDelete`). `NO_DOMAIN_CHECKPOINT` when there is none of this name. */
  async delete(name: string, options: CheckpointDeleteFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.deleteCheckpoint(this.#domain, name, options, t, k));
  }

  /** One as XML (`virDomainCheckpointGetXMLDesc`); `size` with the bytes that changed since. */
  xmlDesc(name: string, options: CheckpointXmlFlags & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.checkpointXml(this.#domain, name, options, t, k));
  }
}

/** How a backup begins. */
export interface BackupOptions extends CallOptions {
  /** `<domaincheckpoint>` XML: a checkpoint made at the same moment, for the next incremental backup. */
  readonly checkpointXml?: string;
  /** The target files are there already. */
  readonly reuseExternal?: boolean;
}

/** Backups of a running domain's disks. One at a time; `Domain.abortJob()` ends it, `Domain.jobStats()` tells how far it is. */
export class Backup {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** Begins a backup from `<domainbackup>` XML (`virDomainBackupBegin`). Push mode ends by itself, pull mode when aborted. */
  async begin(xml: string, options: BackupOptions = {}): Promise<void> {
    const { checkpointXml = null, reuseExternal = false } = options;
    await this.#calls.run(options, (native, t, k) =>
      native.beginBackup(this.#domain, xml, checkpointXml, reuseExternal, t, k),
    );
  }

  /** The backup that runs, as XML (`virDomainBackupGetXMLDesc`); `NO_DOMAIN_BACKUP` when none does. */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.backupXml(this.#domain, t, k));
  }
}
