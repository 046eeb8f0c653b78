import {
  networkHostStatusChanged,
  type EventEnvelope,
  type HostRange,
  type ObservedNetwork,
  type ReportDataOf,
  type hostNetworksObserved,
} from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { newEvent } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import { ReservedRangesRepository, hashOfRanges } from '../ranges/reserved-ranges.repository.js';
import { HostReportRepository, type KnownStatus } from './host-report.repository.js';

type Report = ReportDataOf<typeof hostNetworksObserved>;

/** Keeps what hosts report: how networks stand on them, and which ranges they use themselves. */
@Injectable()
export class HostReportService {
  constructor(
    private readonly change: Change,
    private readonly reports: HostReportRepository,
    private readonly ranges: ReservedRangesRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A report that comes late, after a newer one, changes nothing. */
  async record(report: Report): Promise<void> {
    const rangesChanged = await this.change.run(async (tx) => {
      const hash = await this.reports.enter(tx, report);
      if (hash === null) return { answer: false, events: [] };
      const answer = await this.recordRanges(tx, report.hostId, report.ranges, hash);
      return { answer, events: await this.recordNetworks(tx, report) };
    });
    if (rangesChanged) await this.warnOfConflicts(report.hostId);
  }

  private async recordRanges(
    tx: Transaction,
    hostId: string,
    ranges: readonly HostRange[] | null,
    known: string,
  ): Promise<boolean> {
    const hash = ranges === null ? 'none' : hashOfRanges(ranges);
    if (hash === known) return false;
    await this.ranges.replace(tx, hostId, ranges ?? []);
    await this.reports.noteRanges(tx, hostId, hash);
    return true;
  }

  private async recordNetworks(tx: Transaction, { hostId, networks }: Report): Promise<EventEnvelope[]> {
    const known = await this.reports.known(tx, hostId);
    const reported = new Map(networks.map((network) => [network.networkId, network]));
    const events: EventEnvelope[] = [];
    for (const before of known) {
      const now = reported.get(before.networkId);
      if (now === undefined || isSame(before, now)) continue;
      await this.reports.setStatus(tx, hostId, now);
      this.logger[now.status === 'ACTIVE' ? 'info' : 'warn'](
        { hostId, ...now, before: before.status },
        'status of a network on a host changed',
      );
      events.push(statusEvent(hostId, before, now));
    }
    const silent = known.filter(({ networkId }) => !reported.has(networkId)).map(({ networkId }) => networkId);
    if (silent.length > 0) await this.reports.resend(tx, hostId, silent);
    return events;
  }

  /** The network stays: its guests run on other hosts. This host refuses to realise it, and who asks is told why. */
  private async warnOfConflicts(hostId: string): Promise<void> {
    const conflicts = await this.ranges.conflictsOf(hostId);
    if (conflicts.length === 0) return;
    this.logger.warn({ hostId, conflicts }, 'a host uses ranges of existing networks: it will not realise them');
  }
}

const isSame = (before: KnownStatus, now: ObservedNetwork): boolean =>
  before.status === now.status &&
  before.reason === now.reason &&
  JSON.stringify(before.differences.map(shown)) === JSON.stringify(now.differences.map(shown));

const shown = ({ kind, detail }: ObservedNetwork['differences'][number]): string => `${kind} ${detail}`;

const statusEvent = (hostId: string, before: KnownStatus, now: ObservedNetwork): EventEnvelope =>
  newEvent(networkHostStatusChanged, {
    departmentId: before.departmentId,
    resource: { kind: 'network', id: before.networkId },
    data: {
      networkId: before.networkId,
      hostId,
      status: now.status,
      differences: now.differences,
      errorCode: before.errorCode,
      reason: now.reason,
    },
  });
