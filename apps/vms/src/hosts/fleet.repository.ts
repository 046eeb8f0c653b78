import { HostHardware } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import type { HostCandidate } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import { isOnline } from './host.repository.js';

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
    // A VM may grow up to its bounds while it runs: its host keeps that for it, and so does the one that it is moved to.
    const promised = await tx.$queryRaw<{ hostId: string; memoryMib: number; vcpus: number }[]>`
      SELECT host_id::text AS "hostId", sum(memory_mib + reserved_mib)::int AS "memoryMib",
        sum(greatest(vcpus, max_vcpus))::int AS vcpus
      FROM (
        SELECT host_id, memory_mib, reserved_mib, vcpus, max_vcpus FROM vms WHERE state <> 'DELETED'
        UNION ALL
        SELECT m.target_host_id, v.memory_mib, v.reserved_mib, v.vcpus, v.max_vcpus
        FROM vm_migrations AS m JOIN vms AS v ON v.id = m.vm_id WHERE m.phase IN ('PREPARING', 'MOVING')
      ) AS promised GROUP BY host_id`;
    const promisedOf = new Map(promised.map((host) => [host.hostId, host]));
    return hosts.map((host) => ({
      hostId: host.id,
      hostname: host.hostname,
      online: isOnline(host, now),
      inMaintenance: host.maintenanceSince !== null,
      // libvirt's test driver runs no guests: there is nothing to filter.
      filters: host.nwfilter || host.driver === 'Test',
      images: new Set(host.images.map(({ imageId }) => imageId)),
      hardware: HostHardware.safeParse(host.hardware).data ?? null,
      cpus: host.cpus,
      committedVcpus: promisedOf.get(host.id)?.vcpus ?? 0,
      memoryMib: host.memoryMib,
      committedMib: promisedOf.get(host.id)?.memoryMib ?? 0,
      cpuRatio: host.cpuRatio,
      memoryRatio: host.memoryRatio,
    }));
  }
}
