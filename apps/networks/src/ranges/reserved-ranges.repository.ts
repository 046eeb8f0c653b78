import { createHash } from 'node:crypto';
import type { HostRange } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database.js';

/** A host that said nothing for so long is taken to be gone, and its ranges with it. */
const FORGET_AFTER_DAYS = 7;

export interface ReservedRange {
  readonly cidr: string;
  readonly origin: string;
}

export interface RangeConflict {
  readonly networkId: string;
  readonly cidr: string;
  readonly range: string;
  readonly origin: string;
}

/** Ranges that hosts use themselves, as they report them. */
@Injectable()
export class ReservedRangesRepository {
  constructor(private readonly database: Database) {}

  /** Those that share addresses with a range. */
  overlapping(tx: Transaction, cidr: string): Promise<ReservedRange[]> {
    return Promise.resolve(
      tx.$queryRawUnsafe<ReservedRange[]>(
        `SELECT DISTINCT r.cidr::text AS cidr, r.origin FROM host_ranges r JOIN host_reports h USING (host_id)
         WHERE r.cidr && $1::text::inet AND h.reported_at > now() - make_interval(days => $2::int)
         ORDER BY cidr`,
        cidr,
        FORGET_AFTER_DAYS,
      ),
    );
  }

  async replace(tx: Transaction, hostId: string, ranges: readonly HostRange[]): Promise<void> {
    await tx.$executeRawUnsafe(`DELETE FROM host_ranges WHERE host_id = $1::uuid`, hostId);
    await tx.$executeRawUnsafe(
      `INSERT INTO host_ranges (host_id, cidr, origin)
       SELECT DISTINCT $1::uuid, network(cidr), origin FROM unnest($2::text[]::inet[], $3::text[]) AS r (cidr, origin)`,
      hostId,
      ranges.map(({ cidr }) => cidr),
      ranges.map(({ origin }) => origin),
    );
  }

  /** Networks that a host's ranges overlap; they were there before the host came, or before its range did. */
  conflictsOf(hostId: string): Promise<RangeConflict[]> {
    return Promise.resolve(
      this.database.$queryRawUnsafe<RangeConflict[]>(
        `SELECT n.id AS "networkId", n.cidr::text AS cidr, r.cidr::text AS range, r.origin
         FROM networks n JOIN host_ranges r ON r.cidr && n.cidr WHERE r.host_id = $1::uuid ORDER BY n.id LIMIT 100`,
        hostId,
      ),
    );
  }
}

/** The same for the same ranges, in any order. */
export const hashOfRanges = (ranges: readonly HostRange[]): string =>
  createHash('sha256')
    .update(
      ranges
        .map(({ cidr, origin }) => `${origin} ${cidr}`)
        .sort()
        .join('\n'),
    )
    .digest('hex');
