// What a request over NATS costs: both ends run in this process, so that its CPU time is that of both.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';

import { findVms, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import {
  connectToNats,
  HandlesRequest,
  MessagingModule,
  RequestClient,
  RequestServer,
  startMessaging,
} from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { startTestNats, temporaryState, testNatsUser } from '../../tools/stack/test-infrastructure.ts';
import { median, plainFigure, ratioFigure, WrongAnswer, type Figure } from '../report/figure.ts';

const ROUNDS = 7;
const REQUESTS = 4_000;
const AT_ONCE = 32;
const RAW_SUBJECT = 'bench.raw';

type Query = RequestOf<typeof findVms>;
type Answer = ReplyOf<typeof findVms>;
type Ask = (query: Query) => Promise<Answer>;

const QUERY: Query = { vmIds: Array.from({ length: 5 }, () => randomUUID()) };
const logger = createLogger({ service: 'bench', level: 'fatal', format: 'json' });

const answer = ({ vmIds }: Query): Promise<Answer> =>
  Promise.resolve({
    vms: vmIds.map((vmId) => ({
      vmId,
      departmentId: vmId,
      ownerId: vmId,
      name: 'web-1',
      state: 'RUNNING',
      hostId: vmId,
    })),
  });

/** The bare client: JSON there and back, nothing parsed against a contract, no deadline, no context, no metric. */
const raw = (connection: NatsConnection): Ask => {
  connection.subscribe(RAW_SUBJECT, {
    callback: (_error, message) =>
      void answer(message.json<Query>()).then((reply) => message.respond(JSON.stringify(reply))),
  });
  return async (query) =>
    (await connection.request(RAW_SUBJECT, JSON.stringify(query), { timeout: 30_000 })).json<Answer>();
};

/** Nest's decorators by hand: Node strips types and knows no decorators. */
const ownerOf = (): new () => object => {
  class Owner {
    find(query: Query): Promise<Answer> {
      return answer(query);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Owner.prototype, 'find');
  if (descriptor === undefined) throw new Error('no handler');
  HandlesRequest(findVms)(Owner.prototype, 'find', descriptor);
  Controller()(Owner);
  return Owner;
};

const startOwner = async (nats: { url: string; user: string; password: string }): Promise<INestApplication> => {
  const metrics = new MetricsRegistry('bench');
  const messaging = MessagingModule.forRoot({ nats: { ...nats, service: 'vms' }, logger, metrics, outbox: false });
  class Root {
    readonly name = 'bench';
  }
  Module({ imports: [messaging], controllers: [ownerOf()] })(Root);
  const app = await NestFactory.create(Root, { logger: false });
  await startMessaging(app);
  return app;
};

/** Microseconds of CPU for each request. */
async function cpuPerRequest(ask: Ask): Promise<number> {
  const before = process.cpuUsage();
  let left = REQUESTS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const { vms } = await ask(QUERY);
      if (vms.length !== QUERY.vmIds.length) throw new WrongAnswer('an answer without its VMs');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

/** In turn, so that what the machine does besides falls on each alike; the first round warms up. */
async function compare(ways: Readonly<Record<string, Ask>>): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [name, ask] of Object.entries(ways)) {
      const cost = await cpuPerRequest(ask);
      if (round > 0) seen.get(name)?.push(cost);
    }
  return new Map([...seen].map(([name, costs]) => [name, median(costs)]));
}

export async function measureDispatch(say: (line: string) => void): Promise<readonly Figure[]> {
  const state = temporaryState();
  const server = await startTestNats(state);
  const nats = { url: server.url, user: testNatsUser.user, password: testNatsUser.password };
  const connection = await connectToNats({ ...nats, service: 'bench' }, logger);
  const owner = await startOwner(nats);
  try {
    say(`${String(ROUNDS)} rounds of ${String(REQUESTS)} requests, ${String(AT_ONCE)} at once`);
    const client = owner.get(RequestClient, { strict: false });
    // Ours without Nest: the same envelopes, parsing, deadlines and metrics, on a queue of its own that answers in its place.
    const plain = new RequestServer(
      connection,
      'plain',
      logger,
      new MetricsRegistry('plain').histogram('s', 's', ['name', 'outcome']),
    );
    const ask: Ask = (query) => client.call(findVms, query);
    const bare = await compare({ raw: raw(connection), nest: ask });
    await owner.close();
    plain.serve(findVms, answer);
    await connection.flush();
    const direct = new RequestClient(
      connection,
      new MetricsRegistry('direct').histogram('s', 's', ['name', 'outcome']),
    );
    const without = await compare({ direct: (query) => direct.call(findVms, query) });
    const [rawUs, nestUs, directUs] = [bare.get('raw') ?? 0, bare.get('nest') ?? 0, without.get('direct') ?? 0];
    return [
      plainFigure('raw.cpu', rawUs, 'us'),
      ratioFigure('dispatch.cpu', {
        value: nestUs,
        unit: 'us',
        reference: 'raw client',
        referenceValue: rawUs,
        goal: null,
      }),
      ratioFigure('nest.cpu', {
        value: nestUs,
        unit: 'us',
        reference: 'without Nest',
        referenceValue: directUs,
        goal: null,
      }),
    ];
  } finally {
    await owner.close();
    await connection.close();
    await server.stop();
    state.remove();
  }
}
