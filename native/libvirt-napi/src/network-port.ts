import type { CallOptions, Caller } from './calls.js';
import { PORT_KINDS } from './parameter-kinds.js';
import { fromParameters, type Parameters, type ParametersOf, toParameters } from './parameters.js';

/** Bandwidth of a port, KiB a second and KiB. */
export type PortBandwidth = ParametersOf<typeof PORT_KINDS>;

/** A plug of a network, one for each interface of a guest in it. It holds no libvirt resource. */
export class NetworkPort {
  readonly network: string;
  readonly uuid: string;
  readonly #calls: Caller;

  constructor(calls: Caller, network: string, uuid: string) {
    this.#calls = calls;
    this.network = network;
    this.uuid = uuid;
  }

  /** As XML (`virNetworkPortGetXMLDesc`). */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.portXml(this.network, this.uuid, t, k));
  }

  /** Its limits under libvirt's names (`virNetworkPortGetParameters`). */
  async bandwidth(options?: CallOptions): Promise<Parameters> {
    return fromParameters(
      await this.#calls.run(options, (native, t, k) => native.portParameters(this.network, this.uuid, t, k)),
    );
  }

  /** Sets them (`virNetworkPortSetParameters`). */
  async setBandwidth(bandwidth: PortBandwidth, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setPortParameters(this.network, this.uuid, toParameters(PORT_KINDS, bandwidth), t, k),
    );
  }

  /** Unplugs what is in it (`virNetworkPortDelete`). */
  async delete(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.deletePort(this.network, this.uuid, t, k));
  }
}
