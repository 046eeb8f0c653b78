import type { DhcpLease, NetworkRecord, NetworkUpdate, ObjectName } from './addon.js';
import type { CallOptions, Caller } from './calls.js';

/** One virtual network, by UUID. It holds no libvirt resource. */
export class Network {
  readonly uuid: string;
  readonly name: string;
  readonly #calls: Caller;

  constructor(calls: Caller, named: ObjectName) {
    this.#calls = calls;
    this.uuid = named.uuid;
    this.name = named.name;
  }

  /** Brings it up. `OPERATION_INVALID` when it is up. */
  async create(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.startNetwork(this.uuid, t, k));
  }

  /** Takes it down; guests keep their interfaces and lose the bridge. */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.destroyNetwork(this.uuid, t, k));
  }

  /** Removes the definition. */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefineNetwork(this.uuid, t, k));
  }

  /** Changes one element of it, live or in the definition (`virNetworkUpdate`). */
  async update(update: NetworkUpdate, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.updateNetwork(this.uuid, update, t, k));
  }

  /** Everything that a list says of it. */
  record(options?: CallOptions): Promise<NetworkRecord> {
    return this.#calls.run(options, (native, t, k) => native.networkRecord(this.uuid, t, k));
  }

  async isActive(options?: CallOptions): Promise<boolean> {
    return (await this.record(options)).active;
  }

  async isPersistent(options?: CallOptions): Promise<boolean> {
    return (await this.record(options)).persistent;
  }

  /** Whether it starts with the daemon. */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setNetworkAutostart(this.uuid, autostart, t, k));
  }

  /** The network as XML; `inactive` gives the definition for the next start. */
  xmlDesc(options: { readonly inactive?: boolean } & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.networkXml(this.uuid, options.inactive ?? false, t, k));
  }

  /** Name of its bridge on the host. */
  bridgeName(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.networkBridge(this.uuid, t, k));
  }

  /** DHCP leases, of one MAC address when given. */
  dhcpLeases(options: { readonly mac?: string } & CallOptions = {}): Promise<DhcpLease[]> {
    return this.#calls.run(options, (native, t, k) => native.dhcpLeases(this.uuid, options.mac ?? null, t, k));
  }
}

/** The host's virtual networks. */
export class Networks {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  list(options?: CallOptions): Promise<NetworkRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listNetworks(t, k));
  }

  /** Rejects with `NO_NETWORK` when there is none. */
  async lookupByName(name: string, options?: CallOptions): Promise<Network> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findNetworkByName(name, t, k)));
  }

  /** Rejects with `NO_NETWORK` when there is none. */
  async lookupByUuid(uuid: string, options?: CallOptions): Promise<Network> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findNetwork(uuid, t, k)));
  }

  /** Defines a persistent network, or redefines the one of the same UUID. */
  async defineXml(xml: string, options?: CallOptions): Promise<Network> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.defineNetwork(xml, t, k)));
  }

  #handle(found: ObjectName): Network {
    return new Network(this.#calls, found);
  }
}
