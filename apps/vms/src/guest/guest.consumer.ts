import {
  vmGuestConnected,
  vmGuestReady,
  vmGuestSilent,
  type EventDataOf,
  type EventEnvelope,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesEvent } from '@infinibay/platform-messaging';
import { newEvent } from '@infinibay/platform-persistence';
import { Controller } from '@nestjs/common';
import { Change } from '../database.js';
import { GuestRepository } from './guest.repository.js';

const CONSUMER = 'guest-ready';
const SILENT_CONSUMER = 'guest-silent';

/** The collector heard an agent: the guest is ready. */
@Controller()
export class GuestConsumer {
  constructor(
    private readonly change: Change,
    private readonly guests: GuestRepository,
  ) {}

  @Authorize()
  @HandlesEvent(vmGuestConnected, CONSUMER)
  async guestConnected(event: EventEnvelope<EventDataOf<typeof vmGuestConnected>>): Promise<void> {
    const { vmId, agentVersion, connectedAt } = event.data;
    await this.change.consume(CONSUMER, event, async (tx) => {
      const guest = { guestReadyAt: new Date(connectedAt), agentVersion };
      // The collector may have known it in the department that it has left.
      const departmentId = await this.guests.recordReady(tx, vmId, guest);
      if (departmentId === null) return { answer: undefined, events: [] };
      const data = { vmId, agentVersion };
      const ready = newEvent(vmGuestReady, { departmentId, resource: { kind: 'vm', id: vmId }, data });
      return { answer: undefined, events: [ready] };
    });
  }

  @Authorize()
  @HandlesEvent(vmGuestSilent, SILENT_CONSUMER)
  async guestSilent(event: EventEnvelope<EventDataOf<typeof vmGuestSilent>>): Promise<void> {
    const { vmId, lastHeardAt } = event.data;
    await this.change.consume(SILENT_CONSUMER, event, async (tx) => {
      await this.guests.recordSilent(tx, vmId, new Date(lastHeardAt));
      return { answer: undefined, events: [] };
    });
  }
}
