import { HostHardware, HostTuning } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import {
  DEFAULT_HARDWARE,
  KeptHardware,
  claimsOf,
  hugeMibOf,
  type DeclaredHardware,
  type HostCandidate,
  type PageClaim,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import { Prisma } from '../generated/prisma/client.js';
import { isOnline } from './host.repository.js';

/** Of a row of vms called v: a machine stands that was made at a start, and which of the two says huge pages. */
const IS_ON = Prisma.sql`v.state IN ('RUNNING', 'PAUSED', 'STOPPING')`;
const WANTS_PAGES = Prisma.sql`coalesce(v.hardware->>'hugePages', 'NONE') <> 'NONE'`;
const HAS_PAGES = Prisma.sql`coalesce(v.defined_hardware->>'hugePages', 'NONE') <> 'NONE'`;
/** Its memory is kept, and comes back as it was; or it has failed, or is on its way, and may run as it was made. */
const MAY_BE_AS_DEFINED = Prisma.sql`(v.saved_at IS NOT NULL
  OR (v.state IN ('STARTING', 'ERROR', 'DELETING') AND v.defined_hardware IS NOT NULL))`;
/** What a host keeps for one VM: memory that is no huge page only where it has some, or will. */
const keptFor = (isAsDefined: Prisma.Sql) => Prisma.sql`greatest(v.vcpus, v.max_vcpus) AS vcpus,
  CASE WHEN ${WANTS_PAGES} AND (NOT ${isAsDefined} OR ${HAS_PAGES}) THEN 0 ELSE v.memory_mib + v.reserved_mib END AS memory_mib`;
const KEPT = keptFor(Prisma.sql`(${IS_ON} OR ${MAY_BE_AS_DEFINED})`);
/** Also one that is off comes there as it was made where it was. */
const KEPT_FOR_ARRIVING = keptFor(Prisma.sql`true`);
const PAGED = Prisma.sql`v.id::text AS "vmId", v.memory_mib + v.reserved_mib AS "memoryMib", v.hardware,
  v.defined_hardware AS "definedHardware"`;
/** Living VMs, and those that are being moved, with the hosts that they are moved to. */
const VMS = Prisma.sql`vms AS v WHERE v.state <> 'DELETED'`;
const ARRIVING = Prisma.sql`vm_migrations AS m JOIN vms AS v ON v.id = m.vm_id
  WHERE m.phase IN ('PREPARING', 'MOVING')`;

interface PagedRow {
  readonly hostId: string;
  readonly vmId: string;
  readonly memoryMib: number;
  readonly hardware: unknown;
  readonly definedHardware: unknown;
  readonly isOn: boolean;
  readonly isNextAsDefined: boolean;
}

const keptIn = (stored: unknown): DeclaredHardware => KeptHardware.safeParse(stored ?? {}).data ?? DEFAULT_HARDWARE;

/** The hosts as the scheduler sees them: what they have, and what living VMs are promised of it. */
@Injectable()
export class FleetRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Hosts are chosen one at a time: a second chooser waits until the first one's transaction ends. */
  async lock(tx: Transaction): Promise<void> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('vms.placement'))`;
  }

  /** One picture for all that is read in it. It keeps no chooser waiting, and the database refuses to write in it. */
  picture<T>(read: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.database.$transaction(
      async (tx) => {
        await tx.$executeRaw`SET TRANSACTION READ ONLY`;
        return read(tx);
      },
      { isolationLevel: 'RepeatableRead', maxWait: 10_000, timeout: 15_000 },
    );
  }

  /** @param imageIds images that are asked about; of the others a candidate does not say whether it has them */
  async candidates(tx: Transaction, imageIds: readonly string[]): Promise<HostCandidate[]> {
    const now = await databaseNow(tx);
    const images = { where: { imageId: { in: [...imageIds] } }, select: { imageId: true } };
    const hosts = await tx.host.findMany({ include: { images } });
    // A VM may grow up to its bounds while it runs: its host keeps that for it.
    const promised = await tx.$queryRaw<{ hostId: string; memoryMib: number; vcpus: number }[]>`
      SELECT host_id::text AS "hostId", sum(memory_mib)::int AS "memoryMib", sum(vcpus)::int AS vcpus
      FROM (
        SELECT v.host_id, ${KEPT} FROM ${VMS} UNION ALL SELECT m.target_host_id, ${KEPT_FOR_ARRIVING} FROM ${ARRIVING}
      ) AS promised GROUP BY host_id`;
    const promisedOf = new Map(promised.map((host) => [host.hostId, host]));
    const claims = await this.pageClaims(tx);
    return hosts.map((host) => {
      const tuning = HostTuning.safeParse(host.tuning).data ?? null;
      return {
        hostId: host.id,
        hostname: host.hostname,
        online: isOnline(host, now),
        inMaintenance: host.maintenanceSince !== null,
        // libvirt's test driver runs no guests: there is nothing to filter.
        filters: host.nwfilter || host.driver === 'Test',
        images: new Set(host.images.map(({ imageId }) => imageId)),
        hardware: HostHardware.safeParse(host.hardware).data ?? null,
        tuning,
        pageClaims: claims.get(host.id) ?? [],
        cpus: host.cpus,
        committedVcpus: promisedOf.get(host.id)?.vcpus ?? 0,
        memoryMib: Math.max(0, host.memoryMib - hugeMibOf(tuning)),
        committedMib: promisedOf.get(host.id)?.memoryMib ?? 0,
        cpuRatio: host.cpuRatio,
        memoryRatio: host.memoryRatio,
      };
    });
  }

  /** By host. What is moved there runs on its pages when it has arrived. */
  private async pageClaims(tx: Transaction): Promise<ReadonlyMap<string, readonly PageClaim[]>> {
    const rows = await tx.$queryRaw<PagedRow[]>`
      SELECT v.host_id::text AS "hostId", ${PAGED}, ${IS_ON} AS "isOn", ${MAY_BE_AS_DEFINED} AS "isNextAsDefined"
      FROM ${VMS} AND (${WANTS_PAGES} OR ${HAS_PAGES})
      UNION ALL
      SELECT m.target_host_id::text, ${PAGED}, false, true FROM ${ARRIVING} AND (${WANTS_PAGES} OR ${HAS_PAGES})`;
    const claims = new Map<string, PageClaim[]>();
    for (const { hostId, hardware, definedHardware, ...vm } of rows) {
      const made = { hardware: keptIn(hardware), definedHardware: keptIn(definedHardware) };
      claims.set(hostId, [...(claims.get(hostId) ?? []), ...claimsOf({ ...vm, ...made })]);
    }
    return claims;
  }
}
