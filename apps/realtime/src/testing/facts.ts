import { randomUUID } from 'node:crypto';
import { eventSubject, vmStateChanged } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

export interface Fact {
  readonly id: string;
  /** Where the stream has it. */
  readonly sequence: number;
}

/** Publishes, as the vms service does, that a VM of the department has started. */
export const publishFact = async (
  nats: NatsConnection,
  departmentId: string | null,
  { vmId = randomUUID(), reason = null }: { readonly vmId?: string; readonly reason?: string | null } = {},
): Promise<Fact> => {
  const event = newEvent(vmStateChanged, {
    departmentId,
    resource: { kind: 'vm', id: vmId },
    data: { vmId, from: 'BUILDING', to: 'RUNNING', reason },
  });
  const { seq } = await jetstream(nats).publish(eventSubject(event), JSON.stringify(event), { msgID: event.id });
  return { id: event.id, sequence: seq };
};
