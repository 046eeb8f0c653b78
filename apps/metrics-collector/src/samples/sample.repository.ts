import type { GuestSample } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { enterInbox } from '@infinibay/platform-persistence';
import { PrismaClient, type Transaction } from '../database.js';
import { fromStored, type SampleRow, type StoredSample } from './sample-row.js';

const DELETE_BATCH = 5_000;
const FORGET_TIMEOUT_MS = 25_000;
/** Guests speak until their socket is gone, which is long over by then. */
const REMEMBERED_HOURS_BEYOND_RETENTION = 24;

/** The one place that reads and writes guest_samples and forgotten_vms. */
@Injectable()
export class SampleRepository {
  constructor(@Inject(PrismaClient) private readonly database: PrismaClient) {}

  /**
   * One statement for the whole batch; a sample that is there already stays as it is, one of a deleted VM is left out.
   * @returns how many were stored
   */
  async insert(rows: readonly SampleRow[]): Promise<number> {
    const [, stored] = await this.database.$transaction([
      this.database.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtext('metrics.forgotten-vms'))`,
      this.database.$executeRawUnsafe(
        `INSERT INTO guest_samples (vm_id, sampled_at, department_id, uptime_seconds, cpu_percent, memory_total_kib, memory_used_kib, payload)
         SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::jsonb[])
           AS offered(vm_id, sampled_at, department_id, uptime_seconds, cpu_percent, memory_total_kib, memory_used_kib, payload)
         WHERE NOT EXISTS (SELECT FROM forgotten_vms WHERE forgotten_vms.vm_id = offered.vm_id)
         ON CONFLICT DO NOTHING`,
        rows.map((row) => row.vmId),
        rows.map((row) => row.sampledAt),
        rows.map((row) => row.departmentId),
        rows.map((row) => row.uptimeSeconds),
        rows.map((row) => row.cpuPercent),
        rows.map((row) => row.memoryTotalKib),
        rows.map((row) => row.memoryUsedKib),
        rows.map((row) => row.payload),
      ),
    ]);
    return stored;
  }

  /** One step down the primary key for each VM. */
  async findLatest(vmIds: readonly string[]): Promise<GuestSample[]> {
    const rows = await this.database.$queryRawUnsafe<StoredSample[]>(
      `SELECT newest.* FROM unnest($1::uuid[]) AS wanted(vm_id)
       CROSS JOIN LATERAL (
         SELECT vm_id, department_id, sampled_at, payload FROM guest_samples
         WHERE guest_samples.vm_id = wanted.vm_id ORDER BY sampled_at DESC LIMIT 1
       ) AS newest`,
      [...new Set(vmIds)],
    );
    return readable(rows);
  }

  /** Oldest first, from `from` on and before `to`. */
  async findHistory(query: { vmId: string; from: string; to: string; limit: number }): Promise<GuestSample[]> {
    const rows = await this.database.$queryRaw<StoredSample[]>`
      SELECT vm_id, department_id, sampled_at, payload FROM guest_samples
      WHERE vm_id = ${query.vmId}::uuid AND sampled_at >= ${query.from}::timestamptz AND sampled_at < ${query.to}::timestamptz
      ORDER BY sampled_at LIMIT ${query.limit}`;
    return readable(rows);
  }

  /** The newest of those from `from` on and before `to`, newest first; `more` when there are older ones. */
  async findNewest(query: {
    vmId: string;
    from: string;
    to: string;
    limit: number;
  }): Promise<{ samples: GuestSample[]; more: boolean }> {
    const rows = await this.database.$queryRaw<StoredSample[]>`
      SELECT vm_id, department_id, sampled_at, payload FROM guest_samples
      WHERE vm_id = ${query.vmId}::uuid AND sampled_at >= ${query.from}::timestamptz AND sampled_at < ${query.to}::timestamptz
      ORDER BY sampled_at DESC LIMIT ${query.limit + 1}`;
    return { samples: readable(rows.slice(0, query.limit)), more: rows.length > query.limit };
  }

  /** Deletes up to one batch of samples older than this. @returns how many; fewer than a batch means that none are left. */
  async deleteOlderThan(hours: number): Promise<{ deleted: number; more: boolean }> {
    const deleted = await this.database.$executeRaw`
      DELETE FROM guest_samples WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM guest_samples WHERE sampled_at < now() - make_interval(hours => ${hours}::int) LIMIT ${DELETE_BATCH}))`;
    return { deleted, more: deleted === DELETE_BATCH };
  }

  /** Deletes all that is known of a VM, once per event; what its guest still has under way is not stored after that. */
  async forgetVm(vmId: string, eventId: string): Promise<void> {
    // Waits for whoever writes at this moment, and is seen by whoever writes after it: short, for all writers wait.
    await this.database.$transaction([
      this.database.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('metrics.forgotten-vms'))`,
      this.database.$executeRaw`INSERT INTO forgotten_vms (vm_id) VALUES (${vmId}::uuid) ON CONFLICT DO NOTHING`,
    ]);
    await this.database.$transaction(
      async (tx) => {
        if (!(await enterInbox(tx, 'forget-vm', eventId))) return;
        await tx.$executeRaw`DELETE FROM guest_samples WHERE vm_id = ${vmId}::uuid`;
        await tx.$executeRaw`DELETE FROM guest_connections WHERE vm_id = ${vmId}::uuid`;
      },
      { timeout: FORGET_TIMEOUT_MS },
    );
  }

  /** Whether the VM was deleted; the answer holds until the transaction ends. */
  async isForgotten(tx: Transaction, vmId: string): Promise<boolean> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtext('metrics.forgotten-vms'))`;
    return (await tx.forgottenVm.count({ where: { vmId } })) > 0;
  }

  /** Deletes what says that VMs were deleted, when nothing of them can come any more. */
  async pruneForgotten(retentionHours: number): Promise<void> {
    const hours = retentionHours + REMEMBERED_HOURS_BEYOND_RETENTION;
    await this.database
      .$executeRaw`DELETE FROM forgotten_vms WHERE forgotten_at < now() - make_interval(hours => ${hours}::int)`;
  }
}

const readable = (rows: readonly StoredSample[]): GuestSample[] =>
  rows.map(fromStored).filter((sample) => sample !== undefined);
