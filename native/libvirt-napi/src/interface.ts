import type { InterfaceRecord } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';

/** One network interface of the host, by name. It holds no libvirt resource. */
export class HostInterface {
  readonly name: string;
  /** Empty when it has none. */
  readonly mac: string;
  /** Whether it was up when it was listed. */
  readonly active: boolean;
  readonly #calls: Caller;

  constructor(calls: Caller, record: InterfaceRecord) {
    this.#calls = calls;
    this.name = record.name;
    this.mac = record.mac;
    this.active = record.active;
  }

  /** Brings it up (`virInterfaceCreate`). */
  create(options?: CallOptions): Promise<void> {
    return this.#act('start', options);
  }

  /** Takes it down (`virInterfaceDestroy`). */
  destroy(options?: CallOptions): Promise<void> {
    return this.#act('destroy', options);
  }

  /** Removes its definition (`virInterfaceUndefine`). */
  undefine(options?: CallOptions): Promise<void> {
    return this.#act('undefine', options);
  }

  /** As XML (`virInterfaceGetXMLDesc`); `inactive` as it is defined rather than as it is. */
  xmlDesc(options: { readonly inactive?: boolean } & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.interfaceXml(this.name, options.inactive ?? false, t, k));
  }

  async #act(action: 'start' | 'destroy' | 'undefine', options: CallOptions | undefined): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.actOnInterface(this.name, action, t, k));
  }
}

/** The host's network interfaces. QEMU's driver on Debian lists them; only with netcf can it change them. */
export class HostInterfaces {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  /** All of them (`virConnectListAllInterfaces`). */
  async list(options?: CallOptions): Promise<HostInterface[]> {
    const records = await this.#calls.run(options, (native, t, k) => native.listInterfaces(t, k));
    return records.map((record) => new HostInterface(this.#calls, record));
  }

  /** Rejects with `NO_INTERFACE` when there is none (`virInterfaceLookupByName`). */
  async lookupByName(name: string, options?: CallOptions): Promise<HostInterface> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findInterface(name, t, k)));
  }

  /** Finds one by its MAC address (`virInterfaceLookupByMACString`). */
  async lookupByMac(mac: string, options?: CallOptions): Promise<HostInterface> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findInterfaceByMac(mac, t, k)));
  }

  /** Defines one (`virInterfaceDefineXML`). */
  async defineXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<HostInterface> {
    const validate = options.validate ?? false;
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.defineInterface(xml, validate, t, k)));
  }

  /** Changes from now on are one, kept by {@link commitChanges} or taken back by {@link rollbackChanges} (`virInterfaceChangeBegin`). */
  beginChanges(options?: CallOptions): Promise<void> {
    return this.#change('begin', options);
  }

  /** Keeps them (`virInterfaceChangeCommit`). */
  commitChanges(options?: CallOptions): Promise<void> {
    return this.#change('commit', options);
  }

  /** Takes them back (`virInterfaceChangeRollback`). */
  rollbackChanges(options?: CallOptions): Promise<void> {
    return this.#change('rollback', options);
  }

  async #change(change: 'begin' | 'commit' | 'rollback', options: CallOptions | undefined): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.changeInterfaces(change, t, k));
  }

  #handle(record: InterfaceRecord): HostInterface {
    return new HostInterface(this.#calls, record);
  }
}
