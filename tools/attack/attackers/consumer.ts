import { randomUUID } from 'node:crypto';

import {
  EVENT_CONTRACTS,
  REPORT_CONTRACTS,
  REQUEST_CONTRACTS,
  eventSubject,
  metricsSubject,
  reportSubject,
  requestSubject,
} from '@infinibay/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';

import type { AttackContext } from '../context.ts';
import { paced, type Attacker, type Load } from '../load.ts';

const USER = 'consumer';
const PACE = { perSecond: 200, inFlight: 500 };

/** Every subject on which a service believes what it hears. */
const BELIEVED: readonly string[] = [
  ...EVENT_CONTRACTS.map(({ name }) =>
    eventSubject({ name, departmentId: null, resource: { kind: name.split('.')[0] ?? '', id: 'intruder' } }),
  ),
  ...REPORT_CONTRACTS.map((contract) => reportSubject(contract, 'intruder')),
  ...REQUEST_CONTRACTS.map((contract) => requestSubject(contract, 'intruder')),
  metricsSubject('intruder', 'intruder'),
];

/** The calls that hand out stored messages, or make the server send them somewhere. */
const CALLS = [
  `$JS.API.CONSUMER.MSG.NEXT.EVENTS.${USER}`,
  '$JS.API.STREAM.MSG.GET.EVENTS',
  '$JS.API.DIRECT.GET.EVENTS',
  '$JS.API.STREAM.INFO.EVENTS',
  '$JS.API.CONSUMER.LIST.EVENTS',
];

const open = (context: AttackContext): Promise<NatsConnection> =>
  connect({
    servers: context.natsUrl,
    user: USER,
    pass: context.consumerPassword,
    inboxPrefix: `_INBOX.${USER}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
  });

/** A consumer that pushes the whole stream to a subject of the attacker's choice. */
const pushTo = (subject: string): string =>
  JSON.stringify({
    stream_name: 'EVENTS',
    config: { deliver_subject: subject, deliver_policy: 'all', ack_policy: 'none' },
  });

/** The consumer that other teams may have: what the next calls hand out again and again. */
const readAll = (nats: NatsConnection): void => {
  const filter = 'infinibay.events.v1.>';
  const config = { durable_name: USER, deliver_policy: 'all', ack_policy: 'none', filter_subject: filter };
  nats.publish(`$JS.API.CONSUMER.CREATE.EVENTS.${USER}.${filter}`, JSON.stringify({ stream_name: 'EVENTS', config }), {
    reply: `_INBOX.${USER}.made`,
  });
};

const during =
  (context: AttackContext, load: (nats: NatsConnection) => Load): Load =>
  async (signal, counts) => {
    const nats = await open(context);
    try {
      await load(nats)(signal, counts);
    } finally {
      await nats.close();
    }
  };

const shoot = (nats: NatsConnection, index: number): boolean => {
  const target = BELIEVED[index % BELIEVED.length] ?? '';
  const call = CALLS[index % CALLS.length] ?? '';
  nats.publish(call, JSON.stringify({ batch: 1_000, no_wait: true, last_by_subj: '>' }), { reply: target });
  nats.publish(target, JSON.stringify({ id: randomUUID() }));
  if (index % 20 === 0) {
    const name = `intruder-${String(index)}`;
    nats.publish(`$JS.API.CONSUMER.CREATE.EVENTS.${name}`, pushTo(target), { reply: target });
    nats.publish(`$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.${name}`, pushTo(target), { reply: target });
  }
  return !nats.isClosed();
};

/** Another team with the credential that is meant for reading. */
export const consumer = (context: AttackContext): Attacker => ({
  description: 'stored events sent to the services, publishing, foreign consumers, a flood of calls',
  harmless: during(context, (nats) =>
    paced(PACE, async () => {
      nats.publish(`_INBOX.${USER}.nobody`, JSON.stringify({ id: randomUUID() }));
      await nats.flush();
      return true;
    }),
  ),
  worst: during(context, (nats) => {
    readAll(nats);
    return paced(PACE, async (index) => {
      const well = shoot(nats, index);
      await nats.flush();
      return well;
    });
  }),
});
