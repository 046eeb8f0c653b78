import { EventEmitter } from 'node:events';
import type { CapabilityQuery, NativeConnection, NativeOptions, NodeInfo, Versions } from './generated/addon.js';
import { abandonable, Caller, type CallOptions, deadline, invalidArgument } from './calls.js';
import { answerCredentials, type CredentialsEvent, type CredentialsProvider } from './credentials.js';
import { Domains } from './domain-list.js';
import { isLibvirtErrorCode, LibvirtError } from './error.js';
import { EventStream } from './event-stream.js';
import type { ConnectionEvent, ConnectionEventMap } from './events.js';
import { Host } from './host.js';
import { HostInterfaces } from './interface.js';
import { loadAddon } from './load-addon.js';
import { Networks } from './network.js';
import { NodeDevices } from './node-device.js';
import { NwFilters } from './nwfilter.js';
import { Secrets } from './secret.js';
import { StoragePools } from './storage-pool.js';

/** How to connect. */
export interface OpenOptions {
  /** Worker threads, each with a libvirt connection of its own: 1 to 14, default 4. More start while all are stuck. */
  readonly workers?: number;
  /** The deadline of a call that names none, and of the opening, in ms. Default 30,000. */
  readonly callTimeoutMs?: number;
  /** Gives the opening up: it rejects with `CANCELLED`. A daemon that says nothing keeps the process until the deadline all the same. */
  readonly signal?: AbortSignal;
  /** Without the right to change anything. */
  readonly readOnly?: boolean;
  /** Answers what the daemon asks of who connects, e.g. over TCP; libvirt's own `auth.conf` when absent (`virConnectOpenAuth`). */
  readonly credentials?: CredentialsProvider;
  /**
   * A daemon that answers none of `count` (3) probes, `intervalSeconds` (5) apart, is gone; 0 seconds: no probes
   * (`virConnectSetKeepAlive`).
   */
  readonly keepAlive?: { readonly intervalSeconds?: number; readonly count?: number };
  /** Emit `qemuMonitor` with what QEMU tells libvirt, as it comes; it differs from version to version. */
  readonly qemuMonitorEvents?: boolean;
}

/** How events are buffered for an iterator. */
export interface EventStreamOptions {
  /**
   * Events kept for a slow reader, default 1024, 1 at least; beyond it they are dropped and an `overflow` event says so.
   * Throws a TypeError when it is NaN.
   */
  readonly bufferSize?: number;
}

/**
 * A connection to a hypervisor. No call runs on the event loop. It reconnects by itself when the daemon goes away:
 * `disconnected` is emitted, calls reject with `DISCONNECTED`, then `reconnected` is emitted and the caller lists again.
 * Like a socket it keeps the process alive until it is closed (see {@link Connection.unref}).
 */
export class Connection extends EventEmitter<ConnectionEventMap> {
  readonly domains: Domains;
  readonly host: Host;
  readonly networks: Networks;
  readonly interfaces: HostInterfaces;
  readonly nodeDevices: NodeDevices;
  readonly nwFilters: NwFilters;
  readonly secrets: Secrets;
  readonly storagePools: StoragePools;
  readonly #native: NativeConnection;
  readonly #calls: Caller;
  readonly #streams: Set<EventStream>;
  #closing: Promise<void> | undefined;

  private constructor(native: NativeConnection, streams: Set<EventStream>) {
    super();
    this.#native = native;
    this.#streams = streams;
    this.#calls = new Caller(native);
    this.domains = new Domains(this.#calls);
    this.host = new Host(this.#calls);
    this.networks = new Networks(this.#calls);
    this.interfaces = new HostInterfaces(this.#calls);
    this.nodeDevices = new NodeDevices(this.#calls);
    this.nwFilters = new NwFilters(this.#calls);
    this.secrets = new Secrets(this.#calls);
    this.storagePools = new StoragePools(this.#calls);
  }

  /**
   * Connects (`virConnectOpen`, `virConnectOpenReadOnly`, `virConnectOpenAuth`), e.g. to `qemu:///system` or `test:///default`. Rejects with libvirt's error when the daemon can't be
   * reached and with `TIMEOUT` when it doesn't answer: only later losses are healed by reconnecting.
   */
  static async open(uri: string, options: OpenOptions = {}): Promise<Connection> {
    const { credentials } = options;
    const streams = new Set<EventStream>();
    // What happens before the caller has the connection is told once it can have listeners.
    const early: ConnectionEvent[] = [];
    let deliver = (event: ConnectionEvent): void => void early.push(event);
    // Later connections are opened by the workers: the signal is for the first one only.
    let opening = options.signal;
    const onEvent = (event: ConnectionEvent | CredentialsEvent): void => {
      if (event.kind !== 'credentials') deliver(event);
      else if (credentials !== undefined) void answerCredentials(event, credentials, opening);
    };
    const begin = async (): Promise<NativeConnection> => {
      try {
        return await loadAddon().openConnection(nativeOptions(uri, options), makeError, onEvent);
      } catch (cause) {
        throw invalidArgument(cause);
      }
    };
    const native = await abandonable(options.signal, begin, (late) => void late.close());
    opening = undefined;
    const connection = new Connection(native, streams);
    setImmediate(() => {
      deliver = (event) => connection.#deliver(event);
      connection.#deliverAll(early);
    });
    return connection;
  }

  /** Whether the daemon answers a round trip (`virConnectGetLibVersion`). Never rejects. */
  async alive(options?: CallOptions): Promise<boolean> {
    try {
      await this.#calls.run(options, (native, t, k) => native.ping(t, k));
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the link for events stands, as known without asking (`virConnectIsAlive`). */
  get isUp(): boolean {
    return this.#native.isUp();
  }

  /** The host's name (`virConnectGetHostname`). */
  hostname(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.hostname(t, k));
  }

  /** The driver's name, e.g. `QEMU` or `TEST` (`virConnectGetType`). */
  type(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.driver(t, k));
  }

  /** The canonical URI (`virConnectGetURI`). */
  uri(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.uri(t, k));
  }

  /** Version numbers, each major * 1,000,000 + minor * 1,000 + release (`virConnectGetVersion`, `virConnectGetLibVersion`, `virGetVersion`). */
  version(options?: CallOptions): Promise<Versions> {
    return this.#calls.run(options, (native, t, k) => native.versions(t, k));
  }

  /** The host's hardware (`virNodeGetInfo`). */
  nodeInfo(options?: CallOptions): Promise<NodeInfo> {
    return this.#calls.run(options, (native, t, k) => native.nodeInfo(t, k));
  }

  /** Free memory of the host, bytes (`virNodeGetFreeMemory`). */
  freeMemory(options?: CallOptions): Promise<number> {
    return this.#calls.run(options, (native, t, k) => native.freeMemory(t, k));
  }

  /** The host's capabilities as XML (`virConnectGetCapabilities`). */
  capabilities(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.capabilities(t, k));
  }

  /** What a domain may have on this host, as XML (`virConnectGetDomainCapabilities`). */
  domainCapabilities(options: CapabilityQuery & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.domainCapabilities(options, t, k));
  }

  /**
   * Events from now on as an async iterator; it ends when the connection is closed. What is told is registered when it
   * is opened: `virConnectDomainEventRegisterAny`, `virConnectNetworkEventRegisterAny`,
   * `virConnectStoragePoolEventRegisterAny`, `virConnectNodeDeviceEventRegisterAny`, `virConnectSecretEventRegisterAny`,
   * `virConnectDomainQemuMonitorEventRegister`, `virConnectRegisterCloseCallback`.
   */
  events(options: EventStreamOptions = {}): EventStream {
    const stream = new EventStream(options.bufferSize ?? 1024, (ended) => this.#streams.delete(ended));
    if (this.#closing === undefined) this.#streams.add(stream);
    else stream.end();
    return stream;
  }

  /** Lets the process end though the connection is open. */
  unref(): this {
    this.#native.unref();
    return this;
  }

  /** The opposite of {@link Connection.unref}. */
  ref(): this {
    this.#native.ref();
    return this;
  }

  /** Rejects open calls with `CLOSED`, ends the threads and lets the process go (`virConnectClose`). Closing twice is closing once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#calls.close();
    // Also one that was let go: who waits for the end hears of it.
    this.#native.ref();
    await this.#native.close();
    for (const stream of [...this.#streams]) stream.end();
  }

  #deliverAll(events: readonly ConnectionEvent[]): void {
    for (const event of events) {
      try {
        this.#deliver(event);
      } catch (thrown) {
        // Uncaught, as any other; the events that follow are told all the same.
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }

  #deliver(event: ConnectionEvent): void {
    for (const stream of this.#streams) stream.push(event);
    // Each kind has its own type of listener, which the compiler can't follow through a union.
    this.emit<'lifecycle'>(event.kind, event as ConnectionEventMap['lifecycle'][0]);
  }
}

function nativeOptions(uri: string, options: OpenOptions): NativeOptions {
  return {
    uri,
    readOnly: options.readOnly ?? false,
    workers: options.workers ?? 4,
    callTimeoutMs: deadline(options.callTimeoutMs ?? 30_000),
    keepAliveSeconds: options.keepAlive?.intervalSeconds ?? 5,
    keepAliveCount: options.keepAlive?.count ?? 3,
    asksCredentials: options.credentials !== undefined,
    monitorEvents: options.qemuMonitorEvents ?? false,
  };
}

function makeError(
  code: string,
  domain: string,
  level: string,
  message: string,
  call: string,
  object?: string | null,
): LibvirtError {
  return new LibvirtError({
    code: isLibvirtErrorCode(code) ? code : 'INTERNAL_ERROR',
    domain,
    level: level === 'warning' ? 'warning' : 'error',
    message,
    call,
    object: object ?? undefined,
  });
}
