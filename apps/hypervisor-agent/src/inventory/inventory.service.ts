import type { HostImage, HostInventory } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HostFactsReader, type HostFacts } from '../host/host-facts.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { ImageStore } from '../images/image.store.js';

/** What this host has. */
@Injectable()
export class InventoryService {
  private images: HostImage[] = [];
  private scan: Promise<boolean> | undefined;
  private firstLook: Promise<void> | undefined;
  private isListed = false;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly host: HostFactsReader,
    private readonly store: ImageStore,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async read(): Promise<HostInventory> {
    const facts = await this.host.get();
    // A list that is not made yet would say that there are none. What has to be hashed first is told of later.
    await (this.firstLook ??= this.listKnown());
    return {
      hostId: this.config.HOST_ID,
      ...facts,
      memoryFreeMib: await this.memoryFreeMib(facts),
      images: this.images,
    };
  }

  /** libvirt counts what is free in another way, and may tell more than the host has. */
  async memoryFreeMib({ memoryMib, capabilities }: Pick<HostFacts, 'memoryMib' | 'capabilities'>): Promise<number> {
    // Nothing runs there, and of a machine that a file describes it can't tell at all.
    if (capabilities.driver.toLowerCase() === 'test') return memoryMib;
    const free = await this.hypervisor.use('read-free-memory', (connection) => connection.freeMemory());
    return Math.min(Math.floor(free / 1_048_576), memoryMib);
  }

  /** Reads the image folder anew, one reader at a time; hashing a large image must not hold up a heartbeat. */
  scanImages(): Promise<boolean> {
    this.scan ??= this.readImages().finally(() => {
      this.scan = undefined;
    });
    return this.scan;
  }

  /** The same, begun from now on: what was put there before is seen. */
  async scanImagesAnew(): Promise<boolean> {
    await this.scan;
    return this.scanImages();
  }

  private async listKnown(): Promise<void> {
    try {
      const known = await this.store.listKnown();
      if (!this.isListed) this.images = known;
    } catch (error) {
      this.logger.error({ err: error }, 'what is known of images could not be listed');
    }
  }

  /** @returns whether the list changed */
  private async readImages(): Promise<boolean> {
    const before = JSON.stringify(this.images);
    try {
      this.images = await this.store.list();
      this.isListed = true;
    } catch (error) {
      this.logger.error({ err: error }, 'images could not be read');
    }
    return JSON.stringify(this.images) !== before;
  }
}
