import type { NodeDeviceRecord, NodeDeviceState } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';

/** What a device of the host can be (`virConnectListAllNodeDevices`). */
export type NodeDeviceCapability =
  | 'system'
  | 'pci'
  | 'usb_device'
  | 'usb'
  | 'net'
  | 'scsi_host'
  | 'scsi_target'
  | 'scsi'
  | 'storage'
  | 'fc_host'
  | 'vports'
  | 'scsi_generic'
  | 'drm'
  | 'mdev_types'
  | 'mdev'
  | 'ccw'
  | 'css'
  | 'vdpa'
  | 'ap_card'
  | 'ap_queue'
  | 'ap_matrix'
  | 'vpd'
  | 'ccwgroup_dev'
  | 'ccwgroup_member';

/** Which devices a list holds; all that are there when nothing is set. */
export interface NodeDeviceFilter {
  /** Those with any of these. */
  readonly capabilities?: readonly NodeDeviceCapability[];
  /** Those that are only defined. */
  readonly inactive?: boolean;
}

/** One device of the host, by name. It holds no libvirt resource. */
export class NodeDevice {
  /** e.g. `pci_0000_00_1f_2` */
  readonly name: string;
  /** The device that it hangs on; null for the root. */
  readonly parent: string | null;
  /** What it is, e.g. `pci`, `net`, `mdev_types`. */
  readonly capabilities: readonly string[];
  readonly #calls: Caller;

  constructor(calls: Caller, record: NodeDeviceRecord) {
    this.#calls = calls;
    this.name = record.name;
    this.parent = record.parent ?? null;
    this.capabilities = record.capabilities;
  }

  /** The device as XML (`virNodeDeviceGetXMLDesc`). */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.nodeDeviceXml(this.name, t, k));
  }

  /** Takes it from its driver, for a guest (`virNodeDeviceDetachFlags`); to `driver`, e.g. `vfio`, or libvirt's choice. */
  async detach(options: { readonly driver?: string } & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.detachNodeDevice(this.name, options.driver, t, k));
  }

  /** Gives it back to the host's driver (`virNodeDeviceReAttach`). */
  reattach(options?: CallOptions): Promise<void> {
    return this.#act('reattach', options);
  }

  /** Resets it; nobody may use it (`virNodeDeviceReset`). */
  reset(options?: CallOptions): Promise<void> {
    return this.#act('reset', options);
  }

  /** Ends one that was made, e.g. a mediated device (`virNodeDeviceDestroy`). */
  destroy(options?: CallOptions): Promise<void> {
    return this.#act('destroy', options);
  }

  /** Starts a defined one (`virNodeDeviceCreate`). */
  create(options?: CallOptions): Promise<void> {
    return this.#act('start', options);
  }

  /** Removes its definition (`virNodeDeviceUndefine`). */
  undefine(options?: CallOptions): Promise<void> {
    return this.#act('undefine', options);
  }

  /** Whether it is there, and whether its definition stays (`virNodeDeviceIsActive`, `virNodeDeviceIsPersistent`). */
  state(options?: CallOptions): Promise<NodeDeviceState> {
    return this.#calls.run(options, (native, t, k) => native.nodeDeviceState(this.name, t, k));
  }

  /** Whether it starts with the host (`virNodeDeviceGetAutostart`). */
  autostart(options?: CallOptions): Promise<boolean> {
    return this.#calls.run(options, (native, t, k) => native.nodeDeviceAutostart(this.name, t, k));
  }

  /** Sets it (`virNodeDeviceSetAutostart`). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setNodeDeviceAutostart(this.name, autostart, t, k));
  }

  async #act(
    action: 'reattach' | 'reset' | 'destroy' | 'start' | 'undefine',
    options: CallOptions | undefined,
  ): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.actOnNodeDevice(this.name, action, t, k));
  }
}

/** The host's devices. */
export class NodeDevices {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  /** All that the filter lets through (`virConnectListAllNodeDevices`). */
  async list(options: NodeDeviceFilter & CallOptions = {}): Promise<NodeDevice[]> {
    const { capabilities = [], inactive = false } = options;
    const records = await this.#calls.run(options, (native, t, k) =>
      native.listNodeDevices([...capabilities], inactive, t, k),
    );
    return records.map((record) => new NodeDevice(this.#calls, record));
  }

  /** Rejects with `NO_NODE_DEVICE` when there is none (`virNodeDeviceLookupByName`). */
  async lookupByName(name: string, options?: CallOptions): Promise<NodeDevice> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findNodeDevice(name, t, k)));
  }

  /** Finds a SCSI host by its world wide node and port names (`virNodeDeviceLookupSCSIHostByWWN`). */
  async lookupScsiHost(wwnn: string, wwpn: string, options?: CallOptions): Promise<NodeDevice> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findScsiHost(wwnn, wwpn, t, k)));
  }

  /** Makes one that lives until it is destroyed: a mediated device, a virtual SCSI host (`virNodeDeviceCreateXML`). */
  async createXml(xml: string, options?: CallOptions): Promise<NodeDevice> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.createNodeDevice(xml, false, t, k)));
  }

  /** Defines one that can be started later (`virNodeDeviceDefineXML`). */
  async defineXml(xml: string, options?: CallOptions): Promise<NodeDevice> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.createNodeDevice(xml, true, t, k)));
  }

  #handle(record: NodeDeviceRecord): NodeDevice {
    return new NodeDevice(this.#calls, record);
  }
}
