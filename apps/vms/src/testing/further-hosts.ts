import { randomUUID } from 'node:crypto';
import { hostHeartbeat } from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { ReportPublisher, connectToNats } from '@infinibay/platform-messaging';
import { testNats } from '@infinibay/testing';
import type { NatsConnection } from '@nats-io/transport-node';

/** Hosts count as online for 15 s. */
const HEARTBEAT_MS = 5_000;

interface FurtherHost {
  readonly hostId: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly hasImage: boolean;
}

/** Hosts that tell of themselves and do nothing that they are asked to do: enough to be chosen. */
export class FurtherHosts {
  private readonly hosts: FurtherHost[] = [];
  /** They are not heard. */
  areSilent = false;
  private readonly beating = setInterval(() => {
    if (this.areSilent) return;
    for (const host of this.hosts) this.tell(host);
  }, HEARTBEAT_MS);
  private sequence = 0;

  private constructor(
    private readonly connection: NatsConnection,
    private readonly imageId: string,
  ) {}

  static async start(imageId: string): Promise<FurtherHosts> {
    const logger = createLogger({ service: 'further-hosts', level: 'error', format: 'json' });
    return new FurtherHosts(await connectToNats({ ...testNats(), service: 'further-hosts' }, logger), imageId);
  }

  /** @returns the host's id */
  add(host: Partial<FurtherHost>): string {
    const added = { hostId: randomUUID(), cpus: 4, memoryMib: 8_192, hasImage: true, ...host };
    this.hosts.push(added);
    this.tell(added);
    return added.hostId;
  }

  async stop(): Promise<void> {
    clearInterval(this.beating);
    await this.connection.close();
  }

  private tell({ hasImage, ...host }: FurtherHost): void {
    new ReportPublisher(this.connection).publishForHost(hostHeartbeat, host.hostId, {
      inventory: {
        ...host,
        hostname: `further-${host.hostId.slice(0, 8)}`,
        memoryFreeMib: host.memoryMib,
        capabilities: {
          driver: 'Test',
          virtType: 'test',
          nwfilter: false,
          guestChannel: true,
          libvirtVersion: '9.0.0',
          hypervisorVersion: '0.0.2',
        },
        images: hasImage ? [this.image()] : [],
      },
      vms: [],
      sequence: ++this.sequence,
    });
  }

  private image() {
    return {
      imageId: this.imageId,
      name: 'micro',
      version: '1',
      osFamily: 'linux',
      format: 'qcow2' as const,
      sha256: 'a'.repeat(64),
      virtualSizeBytes: 67_108_864,
      minMemoryMib: 128,
    };
  }
}
