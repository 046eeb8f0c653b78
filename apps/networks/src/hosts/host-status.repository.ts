import type { NetworkDifference } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';

/** A host that said nothing for this long: how its networks stand is not known. */
const SILENT_AFTER_SECONDS = 60;

export interface HostStatusRow {
  readonly networkId: string;
  readonly hostId: string;
  readonly status: string;
  readonly differences: NetworkDifference[];
  readonly errorCode: string | null;
  readonly reason: string | null;
  readonly changedAt: Date;
  readonly isSilent: boolean;
}

/** How networks stand on their hosts, for people. */
@Injectable()
export class HostStatusRepository {
  constructor(private readonly database: Database) {}

  /** @param first of each network at most */
  ofNetworks(networkIds: readonly string[], first: number): Promise<HostStatusRow[]> {
    return Promise.resolve(
      this.database.$queryRawUnsafe<HostStatusRow[]>(
        `SELECT h.network_id AS "networkId", h.host_id AS "hostId", h.status, h.differences,
                h.error_code AS "errorCode", h.reason, h.status_changed_at AS "changedAt",
                coalesce(r.reported_at < now() - make_interval(secs => $3::int), true) AS "isSilent"
         FROM unnest($1::uuid[]) AS n (id)
         CROSS JOIN LATERAL (SELECT * FROM host_networks WHERE network_id = n.id ORDER BY host_id LIMIT $2::int) h
         LEFT JOIN host_reports r ON r.host_id = h.host_id
         ORDER BY h.host_id`,
        [...networkIds],
        first,
        SILENT_AFTER_SECONDS,
      ),
    );
  }
}
