import type { DomainFilter, DomainRecord, ObjectName, SaveFlags, StartFlags } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { Domain, type SaveOptions } from './domain.js';
import { allStats, type DomainStats, type StatsGroup, type StatsOptions } from './domain-stats.js';

/** The host's domains. */
export class Domains {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  /** A handle for a UUID, without asking whether there is such a domain. */
  handle(uuid: string): Domain {
    return new Domain(this.#calls, uuid, null);
  }

  /** All domains that the filter lets through (`virConnectListAllDomains`). */
  list(options: DomainFilter & CallOptions = {}): Promise<DomainRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listDomains(options, t, k));
  }

  /** Rejects with `NO_DOMAIN` when there is none (`virDomainLookupByUUID`). */
  async lookupByUuid(uuid: string, options?: CallOptions): Promise<Domain> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findDomain(uuid, t, k)));
  }

  /** Rejects with `NO_DOMAIN` when there is none (`virDomainLookupByName`). */
  async lookupByName(name: string, options?: CallOptions): Promise<Domain> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findDomainByName(name, t, k)));
  }

  /** Finds a running one by its number; rejects with `NO_DOMAIN` when there is none (`virDomainLookupByID`). */
  async lookupById(id: number, options?: CallOptions): Promise<Domain> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findDomainById(id, t, k)));
  }

  /** Defines a persistent domain, or redefines the one of the same UUID (`virDomainDefineXMLFlags`). */
  async defineXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<Domain> {
    const validate = options.validate ?? false;
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.defineDomain(xml, validate, t, k)));
  }

  /** Starts a transient domain, whose definition ends with it (`virDomainCreateXML`). */
  async createXml(xml: string, options: StartFlags & CallOptions = {}): Promise<Domain> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.createDomain(xml, options, t, k)));
  }

  /** Starts a domain from the file that `save` wrote (`virDomainRestoreFlags`). */
  async restore(path: string, options: SaveOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.restoreDomain(path, options.xml ?? null, options, t, k));
  }

  /** The definition that a file of `save` restores (`virDomainSaveImageGetXMLDesc`). */
  savedXml(path: string, options: { readonly secure?: boolean } & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.savedXml(path, options.secure ?? false, t, k));
  }

  /** Changes it (`virDomainSaveImageDefineXML`). */
  async setSavedXml(path: string, xml: string, options: SaveFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setSavedXml(path, xml, options, t, k));
  }

  /** The hypervisor's own form of a definition, e.g. `qemu-argv` (`virConnectDomainXMLToNative`). */
  toNative(format: string, xml: string, options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.convertDomainXml(format, xml, true, t, k));
  }

  /** The opposite of {@link toNative}, where the driver can (`virConnectDomainXMLFromNative`). */
  fromNative(format: string, config: string, options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.convertDomainXml(format, config, false, t, k));
  }

  /**
   * Statistics of all domains in one call (`virConnectGetAllDomainStats`). `state` never waits for a guest;
   * `noWait` leaves out what would.
   */
  allStats<G extends StatsGroup>(groups: readonly G[], options: StatsOptions = {}): Promise<DomainStats<G>[]> {
    return allStats(this.#calls, groups, options);
  }

  #handle(found: ObjectName): Domain {
    return new Domain(this.#calls, found.uuid, found.name);
  }
}
