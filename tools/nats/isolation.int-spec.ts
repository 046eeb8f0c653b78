import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  REQUEST_CONTRACTS,
  SERVICE_NAMES,
  eventSubject,
  findVms,
  hostHeartbeat,
  inspectVm,
  reportSubject,
  requestSubject,
  startedReportOf,
} from '@infinibay/contracts';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';

import type { NatsPermissions } from '../stack/nats-config.ts';
import { startTestNats, temporaryState, type TemporaryState } from '../stack/test-infrastructure.ts';
import type { RunningNats } from '../stack/nats.ts';
import { hostUser, natsAccounts } from './accounts.ts';
import { servicePermissions, teamPermissions } from './permissions.ts';

const HOST = '0196f5a0-0000-7000-8000-0000000000aa';
const OTHER_HOST = '0196f5a0-0000-7000-8000-0000000000ab';
const OTHER_AGENT = hostUser(OTHER_HOST);
const DEPARTMENT = '0196f5a0-0000-7000-8000-0000000000d1';
const TEAMS = [
  { user: 'consumer', departmentId: undefined },
  { user: 'department-team', departmentId: DEPARTMENT },
  // Does nothing wrong. What others do must cost it nothing.
  { user: 'bystander', departmentId: undefined },
];
const TEAM_NAMES = TEAMS.map(({ user }) => user);
const USERS = [...SERVICE_NAMES, OTHER_AGENT, ...TEAM_NAMES];
const REQUEST_OWNERS = [...new Set(REQUEST_CONTRACTS.map(({ owner }) => owner))];
const ATTACKERS = USERS.filter((user) => user !== 'bystander');

const permissionsOf = (user: string): NatsPermissions => {
  if (user === OTHER_AGENT) return servicePermissions('hypervisor-agent', OTHER_HOST, user);
  const service = SERVICE_NAMES.find((name) => name === user);
  return service === undefined ? teamPermissions(user) : servicePermissions(service, HOST);
};

let state: TemporaryState;
let server: RunningNats;
let manager: JetStreamManager;
const connections = new Map<string, NatsConnection>();
/** Who heard which subject, since the last attack began. */
let heard: { user: string; subject: string; on: string; data: string }[] = [];

const open = async (user: string): Promise<NatsConnection> =>
  connect({ servers: server.url, user, pass: 'pw', inboxPrefix: `_INBOX.${user}`, reconnect: false });
const connectionOf = (user: string): NatsConnection => {
  const connection = connections.get(user);
  if (connection === undefined) throw new Error(`${user} is not connected`);
  return connection;
};

/** A subject that the pattern matches. */
const literal = (pattern: string): string =>
  pattern
    .split('.')
    .map((token, at, all) =>
      token === '*'
        ? ['host', 'reports'].includes(all[1] ?? '')
          ? HOST
          : DEPARTMENT
        : token === '>'
          ? '1.1.1.1.0'
          : token,
    )
    .join('.');

const matches = (pattern: string, subject: string): boolean => {
  const [wanted, given] = [pattern.split('.'), subject.split('.')];
  return (
    wanted.every((token, at) => token === '>' || (given[at] !== undefined && (token === '*' || token === given[at]))) &&
    (wanted.at(-1) === '>' || wanted.length === given.length)
  );
};
const maySay = (user: string, subject: string): boolean =>
  permissionsOf(user).publish.some((pattern) => matches(pattern, subject));

/** What any service listens to: its requests and reports, not its inbox. */
const heardBy = (user: string): string[] =>
  permissionsOf(user).subscribe.filter((subject) => !subject.startsWith('_INBOX.'));

const EVENT = eventSubject({ name: 'vm.created', departmentId: DEPARTMENT, resource: { kind: 'vm', id: DEPARTMENT } });

/** Subjects that an answer should never come to: all that anybody listens to, the stream, its API, others' inboxes. */
const victims = (): string[] => [
  ...new Set([
    ...[...SERVICE_NAMES, OTHER_AGENT].flatMap(heardBy).map(literal),
    EVENT,
    'infinibay.health.v1.vms',
    '$JS.API.STREAM.DELETE.EVENTS',
    '$JS.API.STREAM.PURGE.EVENTS',
    '$JS.API.CONSUMER.DELETE.EVENTS.vms-guest-ready',
    '$JS.ACK.EVENTS.vms-guest-ready.1.1.1.1.0',
    ...USERS.map((user) => `_INBOX.${user}.x`),
  ]),
];

/** Nothing is left waiting: what comes later would be taken for the next user's doing. */
const BODIES = ['{"batch":100,"no_wait":true}', '{"seq":1}', '+NXT {"batch":10,"no_wait":true}', '-NAK', '+ACK', ''];

/** Everything the user may say, each with every victim as the place for the answer. */
const sayAll = async (connection: NatsConnection, user: string): Promise<void> => {
  const subjects = permissionsOf(user).publish.map(literal);
  for (const subject of subjects.filter((name) => !name.startsWith('infinibay.events.')))
    for (const reply of victims())
      for (const body of subject.startsWith('$JS.') ? BODIES : ['{}']) connection.publish(subject, body, { reply });
  await connection.flush();
};

/** All that was under way has arrived: everybody has asked the server and heard its answer, twice. */
const settle = async (): Promise<void> => {
  for (let round = 0; round < 2; round += 1)
    await Promise.all([...connections.values()].map((connection) => connection.flush()));
};

const stored = async (): Promise<number> => (await manager.streams.info('EVENTS')).state.last_seq;

beforeAll(async () => {
  state = temporaryState();
  const passwords = Object.fromEntries([...USERS, 'streams'].map((user) => [user, 'pw']));
  server = await startTestNats(state, {
    accounts: natsAccounts({ passwords, hostId: HOST, furtherHostIds: [OTHER_HOST], teams: TEAMS }),
    teams: TEAMS,
  });
  for (const user of [...USERS, 'streams']) connections.set(user, await open(user));
  manager = await jetstreamManager(connectionOf('streams'), { checkAPI: false });
  for (const user of USERS) {
    const connection = connectionOf(user);
    for (const subject of [...heardBy(user), `_INBOX.${user}.x`])
      connection.subscribe(subject, {
        callback: (_error, message) => {
          heard.push({ user, subject: message.subject, on: subject, data: message.string().slice(0, 80) });
          // Nobody answers a report.
          if (/^infinibay\.(svc|host)\./u.test(subject)) message.respond('{"ok":true}');
        },
      });
    await connection.flush();
  }
  for (let count = 0; count < 50; count += 1)
    await jetstream(connectionOf('vms')).publish(
      eventSubject({ name: 'vm.created', departmentId: DEPARTMENT, resource: { kind: 'vm', id: randomUUID() } }),
      '{}',
    );
}, 60_000);

afterAll(async () => {
  await Promise.all([...connections.values()].map((connection) => connection.close()));
  await server.stop();
  state.remove();
});

describe('a NATS user', () => {
  it.each(ATTACKERS)(
    '(%s) can have no answer sent to anybody but itself, whatever reply subject it names',
    async (user) => {
      await settle();
      const before = await stored();
      heard = [];
      await sayAll(connectionOf(user), user);
      await settle();
      // A pattern stands for the first host: what the other's agent may say is known by its own subject.
      const isAllowed = ({ on, subject }: (typeof heard)[number]) => maySay(user, literal(on)) || maySay(user, subject);
      const reached = heard.filter((message) => message.user !== user && !isAllowed(message));
      expect(reached.slice(0, 5)).toEqual([]);
      expect(await stored()).toBe(before);
      expect((await manager.consumers.info('EVENTS', 'vms-guest-ready')).config.durable_name).toBe('vms-guest-ready');
    },
    120_000,
  );

  it.each(ATTACKERS)('(%s) can say nothing on a subject that its contracts do not name', async (user) => {
    await settle();
    const before = await stored();
    heard = [];
    for (const subject of victims()) if (!maySay(user, subject)) connectionOf(user).publish(subject, '{}');
    await settle();
    expect(heard.filter((message) => message.user !== user)).toEqual([]);
    expect(await stored()).toBe(before);
  });

  it.each(REQUEST_OWNERS)('is told by %s alone that it has started, and only if it calls it', async (owner) => {
    const report = startedReportOf(owner);
    if (report === undefined) throw new Error(`${owner} does not tell`);
    const subject = reportSubject(report, HOST);
    for (const user of ATTACKERS.filter((name) => name !== owner)) {
      await settle();
      heard = [];
      connectionOf(user).publish(subject, 'forged');
      // And as the answer to whatever it may ask of anybody.
      for (const asked of permissionsOf(user).publish.filter((name) => /^infinibay\.(svc|host)\./u.test(name)))
        connectionOf(user).publish(literal(asked), '{}', { reply: subject });
      await settle();
      const deceived = heard.filter((message) => message.subject === subject && message.user !== user);
      expect([user, deceived]).toEqual([user, []]);
    }
    heard = [];
    connectionOf(owner).publish(subject, 'started');
    await settle();
    const listeners = heard.filter((message) => message.subject === subject).map(({ user }) => user);
    expect(listeners.sort()).toEqual([...report.consumers].sort());
    expect(listeners).not.toEqual([]);
  });

  it('still reaches the owner of a request and hears its answer', async () => {
    const answer = await connectionOf('firewall').request(requestSubject(findVms), '{}', { timeout: 20_000 });
    expect(answer.string()).toBe('{"ok":true}');
  });

  it('has each host asked by its own subject, whose agent alone answers', async () => {
    for (const [hostId, agent] of [
      [HOST, 'hypervisor-agent'],
      [OTHER_HOST, OTHER_AGENT],
    ] as const) {
      heard = [];
      const subject = requestSubject(inspectVm, hostId);
      expect((await connectionOf('vms').request(subject, '{}', { timeout: 20_000 })).string()).toBe('{"ok":true}');
      expect(heard.map(({ user }) => user)).toEqual([agent]);
      heard = [];
      connectionOf(agent).publish(reportSubject(hostHeartbeat, hostId), '{}');
      await settle();
      expect(heard.some(({ user }) => user === 'vms')).toBe(true);
    }
  });

  // A team that spoils its own consumer (acknowledges what it never got, leaves requests waiting) harms nobody else.
  it('(bystander) reads all as in the README after all that', async () => {
    const consumer = await jetstream(connectionOf('bystander')).consumers.get('EVENTS', 'bystander');
    const { seq } = await jetstream(connectionOf('vms')).publish(EVENT, '{}');
    const read: number[] = [];
    for await (const message of await consumer.consume()) {
      message.ack();
      read.push(message.seq);
      if (message.seq === seq) break;
    }
    expect(read).toEqual(Array.from({ length: seq }, (_, at) => at + 1));
  }, 60_000);
});
