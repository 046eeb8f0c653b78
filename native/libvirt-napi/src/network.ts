import type { DhcpLease, NetworkRecord, NetworkUpdate, ObjectName } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { NetworkPort } from './network-port.js';

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

  /** Brings it up (`virNetworkCreate`). `OPERATION_INVALID` when it is up. */
  async create(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.startNetwork(this.uuid, t, k));
  }

  /** Takes it down (`virNetworkDestroy`); guests keep their interfaces and lose the bridge. */
  async destroy(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.destroyNetwork(this.uuid, t, k));
  }

  /** Removes the definition (`virNetworkUndefine`). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefineNetwork(this.uuid, t, k));
  }

  /** Changes one element of it, live or in the definition (`virNetworkUpdate`). */
  async update(update: NetworkUpdate, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.updateNetwork(this.uuid, update, t, k));
  }

  /** Everything that a list says of it (`virNetworkGetAutostart`, `virNetworkIsActive`, `virNetworkIsPersistent`). */
  record(options?: CallOptions): Promise<NetworkRecord> {
    return this.#calls.run(options, (native, t, k) => native.networkRecord(this.uuid, t, k));
  }

  /** Whether it is up (`virNetworkIsActive`). */
  async isActive(options?: CallOptions): Promise<boolean> {
    return (await this.record(options)).active;
  }

  /** Whether its definition outlives its run (`virNetworkIsPersistent`). */
  async isPersistent(options?: CallOptions): Promise<boolean> {
    return (await this.record(options)).persistent;
  }

  /** Whether it starts with the daemon (`virNetworkSetAutostart`). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setNetworkAutostart(this.uuid, autostart, t, k));
  }

  /** The network as XML (`virNetworkGetXMLDesc`); `inactive` gives the definition for the next start. */
  xmlDesc(options: { readonly inactive?: boolean } & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.networkXml(this.uuid, options.inactive ?? false, t, k));
  }

  /** Its ports, one for each interface in it (`virNetworkListAllPorts`). */
  async ports(options?: CallOptions): Promise<NetworkPort[]> {
    const uuids = await this.#calls.run(options, (native, t, k) => native.listPorts(this.uuid, t, k));
    return uuids.map((uuid) => this.port(uuid));
  }

  /** A handle for a port, without asking whether there is such a one. */
  port(uuid: string): NetworkPort {
    return new NetworkPort(this.#calls, this.uuid, uuid);
  }

  /** Makes a port (`virNetworkPortCreateXML`). */
  async createPortXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<NetworkPort> {
    const validate = options.validate ?? false;
    return this.port(
      await this.#calls.run(options, (native, t, k) => native.createPort(this.uuid, xml, validate, t, k)),
    );
  }

  /** Name of its bridge on the host (`virNetworkGetBridgeName`). */
  bridgeName(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.networkBridge(this.uuid, t, k));
  }

  /** DHCP leases, of one MAC address when given (`virNetworkGetDHCPLeases`). */
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

  /** All of them (`virConnectListAllNetworks`). */
  list(options?: CallOptions): Promise<NetworkRecord[]> {
    return this.#calls.run(options, (native, t, k) => native.listNetworks(t, k));
  }

  /** Rejects with `NO_NETWORK` when there is none (`virNetworkLookupByName`). */
  async lookupByName(name: string, options?: CallOptions): Promise<Network> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findNetworkByName(name, t, k)));
  }

  /** Rejects with `NO_NETWORK` when there is none (`virNetworkLookupByUUID`). */
  async lookupByUuid(uuid: string, options?: CallOptions): Promise<Network> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findNetwork(uuid, t, k)));
  }

  /** Defines a persistent network, or redefines the one of the same UUID (`virNetworkDefineXMLFlags`). */
  async defineXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<Network> {
    const validate = options.validate ?? false;
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.defineNetwork(xml, validate, t, k)));
  }

  /** Brings a transient network up, which is gone when it is taken down (`virNetworkCreateXMLFlags`). */
  async createXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<Network> {
    const validate = options.validate ?? false;
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.createNetwork(xml, validate, t, k)));
  }

  #handle(found: ObjectName): Network {
    return new Network(this.#calls, found);
  }
}
