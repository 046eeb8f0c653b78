import { randomUUID } from 'node:crypto';
import type { PrismaClient } from '../database.js';

const HOSTNAME = 'other-host';

/** A host that is known, has an image, and does nothing that it is asked to do. */
export class SilentHost {
  constructor(
    private readonly database: () => PrismaClient,
    private readonly imageId: () => string,
  ) {}

  /** @returns its id */
  async add(): Promise<string> {
    const id = randomUUID();
    const [sizes, versions] = [
      { cpus: 4, memoryMib: 2_048, memoryFreeMib: 2_048 },
      { libvirtVersion: '9.0.0', hypervisorVersion: '7.2.0' },
    ];
    const able = { driver: 'Test', virtType: 'test', nwfilter: false, guestChannel: true };
    const { host, hostImage } = this.database();
    await host.create({ data: { id, hostname: HOSTNAME, ...sizes, ...versions, ...able, lastSeenAt: new Date(4e12) } });
    await hostImage.create({ data: { hostId: id, imageId: this.imageId() } });
    return id;
  }

  async remove(): Promise<void> {
    const { host, hostImage } = this.database();
    await hostImage.deleteMany({ where: { host: { hostname: HOSTNAME } } });
    await host.deleteMany({ where: { hostname: HOSTNAME } });
  }
}
