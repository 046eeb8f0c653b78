import type { NwFilterBinding, ObjectName } from './generated/addon.js';
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

  /** Removes the filter (`virNWFilterUndefine`). `OPERATION_INVALID` while something uses it. */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefineNwFilter(this.uuid, t, k));
  }

  /** The filter as XML (`virNWFilterGetXMLDesc`). */
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

  /** All of them (`virConnectListAllNWFilters`). */
  list(options?: CallOptions): Promise<ObjectName[]> {
    return this.#calls.run(options, (native, t, k) => native.listNwFilters(t, k));
  }

  /** Rejects with `NO_NWFILTER` when there is none (`virNWFilterLookupByName`). */
  async lookupByName(name: string, options?: CallOptions): Promise<NwFilter> {
    const found = await this.#calls.run(options, (native, t, k) => native.findNwFilterByName(name, t, k));
    return new NwFilter(this.#calls, found);
  }

  /**
   * Defines a filter (`virNWFilterDefineXMLFlags`). Redefining one needs its UUID in the XML and reaches running guests at once. A filter that
   * uses `$IP` installs nothing until the interface has an `IP` parameter.
   */
  async defineXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<NwFilter> {
    const validate = options.validate ?? false;
    const made = await this.#calls.run(options, (native, t, k) => native.defineNwFilter(xml, validate, t, k));
    return new NwFilter(this.#calls, made);
  }

  /** Which filter stands on which interface of the host (`virConnectListAllNWFilterBindings`). */
  bindings(options?: CallOptions): Promise<NwFilterBinding[]> {
    return this.#calls.run(options, (native, t, k) => native.listNwFilterBindings(t, k));
  }

  /** The filter on one interface; `NO_NWFILTER_BINDING` when there is none (`virNWFilterBindingLookupByPortDev`). */
  binding(portDev: string, options?: CallOptions): Promise<NwFilterBinding> {
    return this.#calls.run(options, (native, t, k) => native.findFilterBinding(portDev, t, k));
  }

  /** Puts a filter on an interface that libvirt has not made (`virNWFilterBindingCreateXML`). */
  createBindingXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<NwFilterBinding> {
    const validate = options.validate ?? false;
    return this.#calls.run(options, (native, t, k) => native.createFilterBinding(xml, validate, t, k));
  }

  /** Takes the filter off an interface (`virNWFilterBindingDelete`). */
  async deleteBinding(portDev: string, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.deleteFilterBinding(portDev, t, k));
  }

  /** The binding as XML, with its parameters (`virNWFilterBindingGetXMLDesc`). */
  bindingXml(portDev: string, options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.filterBindingXml(portDev, t, k));
  }
}
