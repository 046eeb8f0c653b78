import { can } from '@infinibay/access-domain';
import {
  HostTuning,
  IMPORTED_IMAGE_VERSION,
  cpuSetOf,
  rangesOfNumbers,
  type Actor,
  type HostHardware,
  type HostInventory,
} from '@infinibay/contracts';
import type { GraphContext } from '@infinibay/platform-graphql';
import { databaseNow } from '@infinibay/platform-persistence';
import { TRANSACTION_LIMITS } from '@infinibay/platform-subgraph';
import type { Overcommit } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import type { Host as HostRow } from '../generated/prisma/client.js';
import { MAX_SHOWN_NODES, type Host, type HostMaintenance, type HostNumaNode } from './host.model.js';

/** Heartbeats come every 3 s; a host that missed five of them gets no new VMs. */
export const OFFLINE_AFTER_MS = 15_000;

@Injectable()
export class HostRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Records what a host says of itself, and the images that it has. */
  async record(inventory: HostInventory): Promise<void> {
    const { hostId, hostname, cpus, memoryMib, memoryFreeMib, capabilities, images } = inventory;
    await this.database.$transaction(async (tx) => {
      const lastSeenAt = await databaseNow(tx);
      const facts = { hostname, cpus, memoryMib, memoryFreeMib, ...capabilities, lastSeenAt };
      await tx.host.upsert({ where: { id: hostId }, create: { id: hostId, ...facts }, update: facts });
      await this.recordImages(tx, hostId, images);
    }, TRANSACTION_LIMITS);
  }

  /** What a host has seldom changes, and it says so every few seconds: only then is something written. */
  private async recordImages(tx: Transaction, hostId: string, images: HostInventory['images']): Promise<void> {
    const had = await tx.hostImage.findMany({ where: { hostId }, select: { imageId: true } });
    const ids = images.map((image) => image.imageId);
    const has = new Set(ids);
    if (had.length === has.size && had.every(({ imageId }) => has.has(imageId))) return;
    // One that was imported has a row already. Of one without, a lost row, nobody knows whose it is.
    const told = images.filter(({ version }) => version !== IMPORTED_IMAGE_VERSION);
    for (const { imageId, virtualSizeBytes, ...image } of told) {
      // An image is immutable: its id stands for these very bytes.
      const row = { id: imageId, virtualSizeBytes: BigInt(virtualSizeBytes), ...image };
      await tx.image.createMany({ data: [row], skipDuplicates: true });
    }
    await tx.hostImage.deleteMany({ where: { hostId, imageId: { notIn: ids } } });
    const where = { id: { in: ids }, state: { not: 'DELETED' as const } };
    const known = await tx.image.findMany({ where, select: { id: true } });
    await tx.hostImage.createMany({ data: known.map(({ id }) => ({ hostId, imageId: id })), skipDuplicates: true });
  }

  /** It says so every few seconds: only what differs is written. Of a host that is not known yet nothing is kept. */
  async recordHardware(id: string, { machines, cpuModels, tpm }: HostHardware): Promise<void> {
    const hardware = JSON.stringify({ machines, cpuModels, tpm });
    await this.database.$executeRaw`UPDATE hosts SET hardware = ${hardware}::jsonb
      WHERE id = ${id}::uuid AND hardware IS DISTINCT FROM ${hardware}::jsonb`;
  }

  /** The same of its NUMA nodes and huge pages, of which others are free every time somebody takes some. */
  async recordTuning(id: string, { nodes }: HostTuning): Promise<void> {
    const tuning = JSON.stringify({ nodes });
    await this.database.$executeRaw`UPDATE hosts SET tuning = ${tuning}::jsonb
      WHERE id = ${id}::uuid AND tuning IS DISTINCT FROM ${tuning}::jsonb`;
  }

  /** Where browsers send images to it. It says so every few seconds: only what differs is written. */
  async recordUploadUrl(hostId: string, url: string | null): Promise<void> {
    await this.database.$executeRaw`UPDATE hosts SET upload_url = ${url}::text
      WHERE id = ${hostId}::uuid AND upload_url IS DISTINCT FROM ${url}::text`;
  }

  /** Its agent copies images, and sends what it has there; null: it sends none. Only what differs is written. */
  async recordImageCopies(hostId: string, url: string | null): Promise<void> {
    await this.database.$executeRaw`UPDATE hosts SET takes_image_copies = true, image_copy_url = ${url}::text
      WHERE id = ${hostId}::uuid AND (NOT takes_image_copies OR image_copy_url IS DISTINCT FROM ${url}::text)`;
  }

  /** Whether its agent copies images from other hosts. */
  async takesImageCopies(tx: Transaction, id: string): Promise<boolean> {
    return (await tx.host.count({ where: { id, takesImageCopies: true } })) > 0;
  }

  /** null: it takes no uploads, or there is none. */
  async uploadUrlOf(id: string): Promise<string | null> {
    const host = await this.database.host.findUnique({ where: { id }, select: { uploadUrl: true } });
    return host?.uploadUrl ?? null;
  }

  /** Hosts that take uploads. */
  async takingUploads(tx: Transaction): Promise<ReadonlySet<string>> {
    const hosts = await tx.host.findMany({ where: { uploadUrl: { not: null } }, select: { id: true } });
    return new Set(hosts.map(({ id }) => id));
  }

  /** null: there is none. */
  async find(actor: Actor, id: string): Promise<Host | null> {
    const row = await this.database.host.findUnique({ where: { id } });
    return row === null ? null : toHost(row, actor, await databaseNow(this.database));
  }

  async isKnown(tx: Transaction, id: string): Promise<boolean> {
    return (await tx.host.findUnique({ where: { id }, select: { id: true } })) !== null;
  }

  /** What it may promise of what it has; null: as the service is configured. Hosts know nothing of it. */
  async setRatios(tx: Transaction, id: string, { cpuRatio, memoryRatio }: Overcommit): Promise<void> {
    await tx.host.update({ where: { id }, data: { cpuRatio, memoryRatio } });
  }

  async list(actor: Actor): Promise<Host[]> {
    const rows = await this.database.host.findMany({ orderBy: { hostname: 'asc' } });
    const now = await databaseNow(this.database);
    return rows.map((row) => toHost(row, actor, now));
  }

  loader(graph: GraphContext): DataLoader<string, Host | null> {
    return graph.loader<Host>('host', async (ids, actor) => {
      const rows = await this.database.host.findMany({ where: { id: { in: [...ids] } } });
      const now = await databaseNow(this.database);
      return new Map(rows.map((row) => [row.id, toHost(row, actor, now)]));
    });
  }
}

/** @param now by the database's clock, which `lastSeenAt` was written with */
export const isOnline = (host: HostRow, now: Date): boolean =>
  now.getTime() - host.lastSeenAt.getTime() < OFFLINE_AFTER_MS;

/** Sizes and versions of the machines are the operators' business. */
const toHost = (row: HostRow, actor: Actor, now: Date): Host => {
  const whole = can(actor, 'administer', { kind: 'host', departmentId: null });
  return {
    id: row.id,
    hostname: row.hostname,
    online: isOnline(row, now),
    driver: row.driver,
    virtType: row.virtType,
    nwfilter: row.nwfilter,
    guestChannel: row.guestChannel,
    cpus: whole ? row.cpus : null,
    memoryMib: whole ? row.memoryMib : null,
    memoryFreeMib: whole ? row.memoryFreeMib : null,
    libvirtVersion: whole ? row.libvirtVersion : null,
    hypervisorVersion: whole ? row.hypervisorVersion : null,
    lastSeenAt: row.lastSeenAt,
    maintenance: maintenanceOf(row, whole),
    ratios: whole ? { cpuRatio: row.cpuRatio, memoryRatio: row.memoryRatio } : null,
    numaNodes: whole ? numaNodesOf(row) : null,
  };
};

/** null: its agent does not tell. */
const numaNodesOf = ({ tuning }: HostRow): HostNumaNode[] | null => {
  const told = HostTuning.safeParse(tuning).data;
  if (told === undefined) return null;
  const shown = told.nodes.slice(0, MAX_SHOWN_NODES);
  return shown.map(({ cpus, ...node }) => ({ ...node, cpus: cpuSetOf(rangesOfNumbers(cpus)) }));
};

const maintenanceOf = (row: HostRow, whole: boolean): HostMaintenance | null =>
  row.maintenanceSince === null
    ? null
    : {
        since: row.maintenanceSince,
        byId: whole ? row.maintenanceById : null,
        reason: whole ? row.maintenanceReason : null,
      };
