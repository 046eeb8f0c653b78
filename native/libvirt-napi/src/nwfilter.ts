import type { NwFilterBinding, ObjectName } from './addon.js';
import type { CallOptions, Caller } from './calls.js';

/** One network filter, by UUID. It holds no libvirt resource. */
export class NwFilter {
  readonly uuid: string;
  readonly name: string;
  readonly #calls: Caller;

  constructor(calls: Caller, named: ObjectName) {
    this.#calls = calls;
    this.uuid = named.uuid;
    this.name = named.name;
  }

  /** Removes the filter. `OPERATION_INVALID` while something uses it. */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefineNwFilter(this.uuid, t, k));
  }

  /** The filter as XML. */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.nwFilterXml(this.uuid, t, k));
  }
}

/** The host's network filters. The test driver has none: every call rejects with `NO_SUPPORT`. */
export class NwFilters {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  list(options?: CallOptions): Promise<ObjectName[]> {
    return this.#calls.run(options, (native, t, k) => native.listNwFilters(t, k));
  }

  /** Rejects with `NO_NWFILTER` when there is none. */
  async lookupByName(name: string, options?: CallOptions): Promise<NwFilter> {
    const found = await this.#calls.run(options, (native, t, k) => native.findNwFilterByName(name, t, k));
    return new NwFilter(this.#calls, found);
  }

  /**
   * Defines a filter. Redefining one needs its UUID in the XML and reaches running guests at once. A filter that
   * uses `$IP` installs nothing until the interface has an `IP` parameter.
   */
  async defineXml(xml: string, options?: CallOptions): Promise<NwFilter> {
    const made = await this.#calls.run(options, (native, t, k) => native.defineNwFilter(xml, t, k));
    return new NwFilter(this.#calls, made);
  }

  /** Which filter stands on which interface of the host. */
  bindings(options?: CallOptions): Promise<NwFilterBinding[]> {
    return this.#calls.run(options, (native, t, k) => native.listNwFilterBindings(t, k));
  }
}
