import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES, attachVm, inspectVm, type RequestContract, type ServiceName } from '@infinibay/contracts';
import { createLogger, currentContext } from '@infinibay/platform-logging';
import {
  PeerClocks,
  RequestClient,
  RequestServer,
  StartAnnouncer,
  connectToNats,
  type RequestHandler,
} from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import type { NatsConnection } from '@nats-io/transport-node';

import type { RunningNats } from '../stack/nats.ts';
import { pollUntil } from '../stack/polling.ts';
import { startTestNats, temporaryState, type TemporaryState } from '../stack/test-infrastructure.ts';
import { natsAccounts } from './accounts.ts';

/** Nobody waits that long: what is answered was sent again. */
const DAY_MS = 86_400_000;
const HOST = randomUUID();
const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
const durations = new MetricsRegistry('test').histogram('seconds', 'seconds', ['name', 'outcome']);

interface Case {
  readonly contract: RequestContract;
  readonly hostId: string | undefined;
}
/** A service and a host, both called by the service vms. */
const CASES: readonly (Case & { readonly owner: string })[] = [
  { owner: 'a service', contract: attachVm, hostId: undefined },
  { owner: 'a host', contract: inspectVm, hostId: HOST },
];

let state: TemporaryState;
let server: RunningNats;
let opened: NatsConnection[] = [];
/** What was sent again, in order. */
let resent: string[] = [];

const connect = async (service: ServiceName): Promise<NatsConnection> => {
  const connection = await connectToNats({ url: server.url, user: service, password: 'pw', service }, logger);
  opened.push(connection);
  return connection;
};

const caller = async (): Promise<{ client: RequestClient; connection: NatsConnection }> => {
  const connection = await connect('vms');
  const client = new RequestClient(connection, durations, new PeerClocks('vms'), (name) => void resent.push(name));
  return { client, connection };
};

/** Sends it and knows that the server has it. */
const send = async (
  { client, connection }: Awaited<ReturnType<typeof caller>>,
  { contract, hostId }: Case,
  timeoutMs = DAY_MS,
): Promise<{ answer: Promise<unknown> }> => {
  const target = hostId === undefined ? {} : { hostId };
  const answer = client.call(contract, contract.example.request, { ...target, timeoutMs });
  answer.catch(() => undefined);
  await connection.flush();
  return { answer };
};

/** An instance of the owner. One that tells says that it listens. */
const listen = async ({ contract, hostId }: Case, handler: RequestHandler, tells = true): Promise<NatsConnection> => {
  const connection = await connect(contract.owner);
  new RequestServer(connection, contract.owner, logger, durations).serve(contract, handler, hostId);
  if (tells) new StartAnnouncer(connection, logger).start([contract], hostId);
  await connection.flush();
  return connection;
};

/** Ends what died instances have not answered: their time is not awaited. */
let bury = new AbortController();
const never = (): Promise<never> =>
  new Promise((_resolve, reject) => {
    bury.signal.addEventListener('abort', () => {
      reject(new Error('buried'));
    });
  });

beforeAll(async () => {
  state = temporaryState();
  const passwords = Object.fromEntries([...SERVICE_NAMES, 'streams'].map((user) => [user, 'pw']));
  const accounts = natsAccounts({ passwords, hostId: HOST, teams: [] });
  server = await startTestNats(state, { accounts, teams: [] });
}, 60_000);

afterEach(async () => {
  resent = [];
  bury.abort();
  bury = new AbortController();
  await Promise.all(opened.map((connection) => connection.close()));
  opened = [];
});

afterAll(async () => {
  await server.stop();
  state.remove();
});

describe.each(CASES)('a request to $owner in an account of its own', (asked) => {
  const { contract } = asked;
  const reply: unknown = contract.example.reply;
  const answers = (): Promise<unknown> => Promise.resolve(reply);

  it('is answered when its owner starts after it was sent', async () => {
    const { answer } = await send(await caller(), asked);
    await listen(asked, answers);
    await expect(answer).resolves.toEqual(contract.reply.parse(reply));
    expect(resent).toEqual([contract.name]);
  }, 60_000);

  it('is answered by the next instance when one took it and died, as the same request with what is left of its time', async () => {
    const seen: { id: string | null; deadline: number }[] = [];
    const see = (_data: never, { deadline }: { deadline: number }): void =>
      void seen.push({ id: currentContext().causationId, deadline });
    const dying = await listen(asked, (...args) => {
      see(...args);
      return never();
    });
    const { answer } = await send(await caller(), asked);
    await pollUntil(() => seen.length === 1 || undefined, { timeoutMs: 30_000, what: 'the request to be taken' });
    await dying.close();
    await listen(asked, (...args) => {
      see(...args);
      return answers();
    });
    await expect(answer).resolves.toEqual(contract.reply.parse(reply));
    const [first, second] = seen;
    expect(second?.id).toBe(first?.id);
    // Not a whole day more.
    expect((second?.deadline ?? 0) - (first?.deadline ?? 0)).toBeLessThan(DAY_MS / 2);
  }, 60_000);

  it('is done once by an instance that it comes to twice, and answered once', async () => {
    const held = Promise.withResolvers<unknown>();
    let taken = 0;
    const instance = await listen(asked, () => {
      taken += 1;
      return held.promise;
    });
    const from = await caller();
    const { answer } = await send(from, asked);
    await pollUntil(() => taken === 1 || undefined, { timeoutMs: 30_000, what: 'the request to be taken' });
    new StartAnnouncer(instance, logger).start([contract], asked.hostId);
    await pollUntil(() => resent.length === 1 || undefined, {
      timeoutMs: 30_000,
      what: 'the request to be sent again',
    });
    for (const connection of [from.connection, instance, from.connection]) await connection.flush();
    held.resolve(reply);
    await expect(answer).resolves.toEqual(contract.reply.parse(reply));
    expect(taken).toBe(1);
  }, 60_000);

  it('gets one answer when one of two instances restarts meanwhile, whoever of them gets it', async () => {
    const held = Promise.withResolvers<unknown>();
    const taken: string[] = [];
    const takes = (instance: string, answer: () => Promise<unknown>) => (): Promise<unknown> => {
      taken.push(instance);
      return answer();
    };
    await listen(
      asked,
      takes('stays', () => held.promise),
    );
    const from = await caller();
    const { answer } = await send(from, asked);
    await pollUntil(() => taken.length === 1 || undefined, { timeoutMs: 30_000, what: 'the request to be taken' });
    let settled = 0;
    void answer.then(() => (settled += 1));
    await listen(asked, takes('restarted', answers));
    await pollUntil(() => resent.length === 1 || undefined, {
      timeoutMs: 30_000,
      what: 'the request to be sent again',
    });
    held.resolve(reply);
    await expect(answer).resolves.toEqual(contract.reply.parse(reply));
    // Another one is not mixed up with what still comes of the first.
    await (
      await send(from, asked)
    ).answer;
    expect([settled, resent.length]).toEqual([1, 1]);
    expect(taken.filter((instance) => instance === 'stays').length).toBeLessThanOrEqual(2);
  }, 60_000);

  it('waits for its deadline as ever when its owner never tells', async () => {
    let taken = 0;
    const { answer } = await send(await caller(), asked, 2_000);
    await listen(
      asked,
      () => {
        taken += 1;
        return answers();
      },
      false,
    );
    await expect(answer).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect([taken, resent]).toEqual([0, []]);
  }, 60_000);

  it('that leaves after the start is sent once', async () => {
    let taken = 0;
    await listen(asked, () => {
      taken += 1;
      return answers();
    });
    const from = await caller();
    for (let count = 0; count < 5; count += 1) await (await send(from, asked)).answer;
    expect([taken, resent]).toEqual([5, []]);
  }, 60_000);
});
