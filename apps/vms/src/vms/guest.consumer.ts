import {
  vmGuestConnected,
  vmGuestReady,
  vmGuestSilent,
  type EventDataOf,
  type EventEnvelope,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesEvent, OutboxRelayHolder } from '@infinibay/platform-messaging';
import { appendToOutbox, enterInbox, newEvent } from '@infinibay/platform-persistence';
import { Controller } from '@nestjs/common';
import { PrismaClient } from '../database.js';

const CONSUMER = 'guest-ready';
const SILENT_CONSUMER = 'guest-silent';

/** The collector heard an agent: the guest is ready. */
@Controller()
export class GuestConsumer {
  constructor(
    private readonly database: PrismaClient,
    private readonly outbox: OutboxRelayHolder,
  ) {}

  @Authorize()
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

  /** Only when it was not heard again since: the two kinds of events come in no order between them. */
  @Authorize()
  @HandlesEvent(vmGuestSilent, SILENT_CONSUMER)
  async guestSilent(event: EventEnvelope<EventDataOf<typeof vmGuestSilent>>): Promise<void> {
    const { vmId, lastHeardAt } = event.data;
    await this.database.$transaction(async (tx) => {
      if (!(await enterInbox(tx, SILENT_CONSUMER, event.id))) return;
      await tx.vm.updateMany({
        where: { id: vmId, guestReadyAt: { lte: new Date(lastHeardAt) } },
        data: { guestReadyAt: null },
      });
    });
  }
}
