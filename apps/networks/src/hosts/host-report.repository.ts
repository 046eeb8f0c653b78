import type { HostNetworkStatus, NetworkDifference, ObservedNetwork } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';

export interface KnownStatus {
  readonly networkId: string;
  readonly departmentId: string;
  readonly status: string;
  readonly differences: readonly NetworkDifference[];
  readonly reason: string | null;
  readonly errorCode: string | null;
}

export interface ReportPosition {
  readonly hostId: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** Hosts' reports, and what the tables say of the networks that they are about. */
@Injectable()
export class HostReportRepository {
  /**
   * Notes that the report came, and keeps others of the host waiting until the transaction ends. An agent that began anew
   * with its clock set back is heard once its former self has been silent for a while.
   * @returns the hash of the ranges known before; null when a newer report was there already
   */
  async enter(tx: Transaction, { hostId, epoch, sequence }: ReportPosition): Promise<string | null> {
    const rows = await tx.$queryRawUnsafe<{ ranges_hash: string }[]>(
      `INSERT INTO host_reports (host_id, epoch, sequence, ranges_hash) VALUES ($1::uuid, $2::uuid, $3::int, '')
       ON CONFLICT (host_id) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence, reported_at = now()
       WHERE (host_reports.epoch, host_reports.sequence) < (excluded.epoch, excluded.sequence)
          OR host_reports.epoch <> excluded.epoch AND host_reports.reported_at < now() - interval '10 seconds'
       RETURNING ranges_hash`,
      hostId,
      epoch,
      sequence,
    );
    return rows[0]?.ranges_hash ?? null;
  }

  async noteRanges(tx: Transaction, hostId: string, hash: string): Promise<void> {
    await tx.$executeRawUnsafe(`UPDATE host_reports SET ranges_hash = $2 WHERE host_id = $1::uuid`, hostId, hash);
  }

  known(tx: Transaction, hostId: string): Promise<KnownStatus[]> {
    return Promise.resolve(
      tx.$queryRawUnsafe<KnownStatus[]>(
        `SELECT h.network_id AS "networkId", n.department_id AS "departmentId", h.status, h.differences, h.reason,
                h.error_code AS "errorCode"
         FROM host_networks h JOIN networks n ON n.id = h.network_id
         WHERE h.host_id = $1::uuid ORDER BY h.network_id FOR UPDATE OF h`,
        hostId,
      ),
    );
  }

  async setStatus(tx: Transaction, hostId: string, observed: ObservedNetwork): Promise<void> {
    await this.write(tx, { networkId: observed.networkId, hostId }, observed.status, observed);
  }

  /**
   * Networks of which the host says nothing although it should have them: its agent began anew. They are sent at once;
   * those that were sent a moment ago are in a report to come.
   */
  async resend(tx: Transaction, hostId: string, networkIds: readonly string[]): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE host_networks SET next_attempt_at = now()
       WHERE host_id = $1::uuid AND network_id = ANY($2::uuid[]) AND error_code IS NULL
         AND applied_at < now() - interval '5 seconds' AND next_attempt_at > now()`,
      hostId,
      [...networkIds],
    );
  }

  private async write(
    tx: Transaction,
    key: { readonly networkId: string; readonly hostId: string },
    status: HostNetworkStatus,
    { differences, reason }: Pick<ObservedNetwork, 'differences' | 'reason'>,
  ): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE host_networks SET status = $3, differences = $4::jsonb, reason = $5,
              status_changed_at = CASE WHEN status = $3 THEN status_changed_at ELSE now() END
       WHERE network_id = $1::uuid AND host_id = $2::uuid`,
      key.networkId,
      key.hostId,
      status,
      JSON.stringify(differences),
      reason,
    );
  }
}
