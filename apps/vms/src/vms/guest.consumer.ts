import { vmGuestConnected, vmGuestReady, type EventDataOf, type EventEnvelope } from '@infinibay/contracts';
import { HandlesEvent, OutboxRelayHolder } from '@infinibay/platform-messaging';
import { appendToOutbox, enterInbox, newEvent } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient } from '../database.js';

const CONSUMER = 'guest-ready';

/** The collector heard an agent: the guest is ready. */
@Injectable()
export class GuestConsumer {
  constructor(
    private readonly database: PrismaClient,
    private readonly outbox: OutboxRelayHolder,
  ) {}

  @HandlesEvent(vmGuestConnected, CONSUMER)
  async guestConnected(event: EventEnvelope<EventDataOf<typeof vmGuestConnected>>): Promise<void> {
    const { vmId, agentVersion, connectedAt } = event.data;
    await this.database.$transaction(async (tx) => {
      if (!(await enterInbox(tx, CONSUMER, event.id))) return;
      // A late delivery must not mark a VM that has been stopped since.
      const { count } = await tx.vm.updateMany({
        where: { id: vmId, state: { in: ['BUILDING', 'STARTING', 'RUNNING'] } },
        data: { guestReadyAt: new Date(connectedAt), agentVersion },
      });
      if (count === 0) return;
      const ready = newEvent(vmGuestReady, {
        departmentId: event.departmentId,
        resource: { kind: 'vm', id: vmId },
        data: { vmId, agentVersion },
      });
      await appendToOutbox(tx, [ready]);
    });
    this.outbox.notify();
  }
}
