import type { MigrateFlags } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { MIGRATE_KINDS } from './parameter-kinds.js';
import { type ParametersOf, toParameters } from './parameters.js';

/** What a migration takes besides its flags: libvirt's own names. `migrate_disks` and `compression` may be lists. */
export type MigrateParameters = Omit<ParametersOf<typeof MIGRATE_KINDS>, 'compression' | 'migrate_disks'> & {
  readonly migrate_disks?: string | readonly string[];
  readonly compression?: string | readonly string[];
};

/** How a domain is migrated. */
export interface MigrateOptions extends Omit<MigrateFlags, 'unsafe'>, CallOptions {
  readonly parameters?: MigrateParameters;
  /** Though caching of its disks makes it unsafe. */
  readonly allowUnsafe?: boolean;
}

/** A limit of a migration that may change while it runs. */
export type MigrationLimit = 'downtimeMs' | 'speedMib' | 'postcopySpeedMib' | 'compressionCacheBytes';

/**
 * A domain's live migration. How far it is, `Domain.jobStats` and the `migrationIteration` event tell; `Domain.abortJob`
 * ends it. Give it a `timeoutMs` that it may take: past it the call rejects, and the migration runs on.
 */
export class Migration {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** Migrates it by this process, which connects to the other daemon (`virDomainMigrate3`); gives its UUID there. */
  async to(uri: string, options: MigrateOptions = {}): Promise<string> {
    const { parameters, flags } = split(options);
    const there = await this.#calls.run(options, (native, t, k) =>
      native.migrateDomain(this.#domain, uri, toParameters(MIGRATE_KINDS, parameters), flags, t, k),
    );
    return there.uuid;
  }

  /**
   * Lets its daemon migrate it to another (`virDomainMigrateToURI3`): with `peerToPeer` the daemon connects to `uri`
   * itself, and this process may end.
   */
  async toUri(uri: string, options: MigrateOptions = {}): Promise<void> {
    const { parameters, flags } = split(options);
    await this.#calls.run(options, (native, t, k) =>
      native.migrateDomainToUri(this.#domain, uri, toParameters(MIGRATE_KINDS, parameters), flags, t, k),
    );
  }

  /** The guest runs at the destination from now on, and its memory follows (`virDomainMigrateStartPostCopy`). */
  async startPostcopy(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.startPostcopy(this.#domain, t, k));
  }

  /** A limit as it stands (`virDomainMigrateGetMaxDowntime`, `virDomainMigrateGetMaxSpeed`, `virDomainMigrateGetCompressionCache`). */
  limit(limit: MigrationLimit, options?: CallOptions): Promise<number> {
    return this.#calls.run(options, (native, t, k) => native.migrationLimit(this.#domain, limit, t, k));
  }

  /** Sets it, also while it migrates; downtime only then (`virDomainMigrateSetMaxDowntime`, `virDomainMigrateSetMaxSpeed`, `virDomainMigrateSetCompressionCache`). */
  async setLimit(limit: MigrationLimit, value: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setMigrationLimit(this.#domain, limit, value, t, k));
  }
}

function split(options: MigrateOptions): { parameters: MigrateParameters; flags: MigrateFlags } {
  const { parameters = {}, allowUnsafe, ...flags } = options;
  return { parameters, flags: { ...flags, unsafe: allowUnsafe } };
}
