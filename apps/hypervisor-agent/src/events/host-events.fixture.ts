import { isDeepStrictEqual } from 'node:util';
import { EVENTS_STREAM, EventEnvelope, Uuid, findEventContract, type EventDataOf } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { HostEventContract } from './host-events.js';

const Position = z.looseObject({ epoch: Uuid, sequence: z.int() });
export interface StoredHostEvent {
  readonly name: string;
  readonly data: z.infer<typeof Position>;
}

/** What another team reads of one host: the stream itself, in its order, each event checked against its contract. */
export class HostEventReader {
  constructor(
    private readonly connection: NatsConnection,
    private readonly hostId: string,
  ) {}

  /** All events of the host that the stream holds now. */
  async all(): Promise<StoredHostEvent[]> {
    const consumer = await jetstream(this.connection).consumers.get(EVENTS_STREAM, {
      filter_subjects: `infinibay.events.v1.global.host.${this.hostId}.>`,
    });
    const { num_pending: count } = await consumer.info();
    const events: StoredHostEvent[] = [];
    if (count === 0) return events;
    for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
      const { name, data } = EventEnvelope.parse(message.json());
      events.push({ name, data: Position.parse(findEventContract(name)?.data.parse(data)) });
    }
    return events;
  }

  async of<C extends HostEventContract>(contract: C): Promise<EventDataOf<C>[]> {
    return (await this.all())
      .filter(({ name }) => name === contract.name)
      .map(({ data }) => contract.data.parse(data) as EventDataOf<C>);
  }

  /** Waits for an event with these facts. */
  async find<C extends HostEventContract>(contract: C, facts: Partial<EventDataOf<C>>): Promise<EventDataOf<C>> {
    const found = async (): Promise<{ readonly event: EventDataOf<C> } | undefined> => {
      const event = (await this.of(contract)).find((told) => isDeepStrictEqual({ ...told, ...facts }, told));
      return event === undefined ? undefined : { event };
    };
    const what = `${contract.name} with ${JSON.stringify(facts)}`;
    return (await pollUntil(found, { timeoutMs: 20_000, what })).event;
  }
}
