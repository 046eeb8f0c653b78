import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { BulkRequestRepository, type NewBulkRequest } from './bulk-request.repository.js';
import { BulkResultRepository, NOTHING_ENDED, type BulkTarget } from './bulk-result.repository.js';
import { BulkWorker } from './bulk.worker.js';

const { message: notFound } = new DomainError('VM_NOT_FOUND');

/** Writes requests on many VMs, within the transaction that accepts them. The worker asks each VM after that. */
@Injectable()
export class BulkOpening {
  constructor(
    private readonly requests: BulkRequestRepository,
    private readonly results: BulkResultRepository,
    private readonly worker: BulkWorker,
  ) {}

  async open(tx: Transaction, request: NewBulkRequest, targets: readonly BulkTarget[]): Promise<EventEnvelope[]> {
    await this.requests.add(tx, request);
    await this.results.add(tx, request.id, targets, { code: 'VM_NOT_FOUND', message: notFound });
    const refused = targets.filter(({ known, refusal }) => known === null || refusal !== undefined).length;
    return this.requests.show(tx, request.id, { ...NOTHING_ENDED, total: targets.length, ended: refused, refused });
  }

  /** A later word on a host takes the place of what its drains have not asked yet. @param hostId of a host that is locked */
  endDrains(tx: Transaction, hostId: string): Promise<void> {
    return this.results.endDrains(tx, hostId);
  }

  /** After the commit. */
  wake(): void {
    this.worker.wake();
  }
}
