import { randomUUID } from 'node:crypto';
import {
  DEFAULT_POOL,
  hostHeartbeat,
  hostPoolsObserved,
  inspectVm,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { ReportPublisher, RequestServer, connectToNats } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { testNats } from '@infinibay/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { CAPABILITIES } from './simulated-host.js';
import { SimulatedImages } from './simulated-images.js';

const GIB = 1_073_741_824;
const HEARTBEAT_MS = 1_000;
/** Less than any VM needs beside what is kept for the host: it has images, and no VM is ever made there. */
const MEMORY_MIB = 600;

/** A host that has images, takes them and sends them, and that is too small for VMs. */
export class SecondHost {
  readonly hostId = randomUUID();
  readonly images = new SimulatedImages();
  /** With less room than the host of the bench: what is for any host goes there. */
  pool = { capacityBytes: 100 * GIB, availableBytes: 60 * GIB };
  private connection: NatsConnection | undefined;
  private sequence = 0;
  private beating: NodeJS.Timeout | undefined;

  /** @param isNew whether its agent knows copies of images */
  private constructor(private readonly isNew: boolean) {
    this.images.copyUrl = `https://${this.hostId}.example.org`;
  }

  static async start(isNew = true): Promise<SecondHost> {
    const host = new SecondHost(isNew);
    await host.back();
    return host;
  }

  async back(): Promise<void> {
    const logger = createLogger({ service: 'second-host', level: 'error', format: 'json' });
    const connection = await connectToNats({ ...testNats(), service: 'second-host' }, logger);
    const durations = new MetricsRegistry('second-host').histogram('seconds', 'seconds', ['name', 'outcome']);
    const server = new RequestServer(connection, 'second-host', logger, durations);
    const on = <C extends RequestContract>(
      contract: C,
      handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
    ): void => {
      server.serve(contract, handler, this.hostId);
    };
    on(inspectVm, async () => ({ domain: null, disk: null }));
    const noVm = (vmId: string): never => {
      throw new Error(`${vmId} is not here`);
    };
    this.images.serve(on, noVm, this.isNew);
    this.connection = connection;
    this.beating = setInterval(() => this.heartbeat(connection), HEARTBEAT_MS);
    this.heartbeat(connection);
  }

  /** It is neither heard nor asked, and keeps what it has. */
  async away(): Promise<void> {
    clearInterval(this.beating);
    await this.connection?.close();
  }

  private heartbeat(connection: NatsConnection): void {
    const { hostId } = this;
    const reports = new ReportPublisher(connection);
    reports.publishForHost(hostHeartbeat, hostId, {
      inventory: {
        hostId,
        hostname: `host-${hostId.slice(0, 8)}`,
        cpus: 4,
        memoryMib: MEMORY_MIB,
        memoryFreeMib: MEMORY_MIB,
        capabilities: CAPABILITIES,
        images: [...this.images.imported.values()],
      },
      vms: [],
      sequence: ++this.sequence,
    });
    const pools = [{ name: DEFAULT_POOL, kind: 'dir' as const, ...this.pool, problem: null }];
    reports.publishForHost(hostPoolsObserved, hostId, { hostId, pools, volumes: [], sequence: ++this.sequence });
    if (this.isNew) this.images.tell(reports, hostId, ++this.sequence);
  }
}
