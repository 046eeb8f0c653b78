import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import { Injectable } from '@nestjs/common';
import { Reconciler } from './reconciler.js';

/** What is to be woken when a request of a user has been committed: who does the work, and who tells of it. */
@Injectable()
export class AfterCommit {
  constructor(
    private readonly work: Reconciler,
    private readonly outbox: OutboxRelayHolder,
  ) {}

  notify(): void {
    this.work.notify();
    this.outbox.notify();
  }
}
