import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DURABLE_CONSUMERS,
  SERVICE_NAMES,
  eventFilter,
  eventSubject,
  findVms,
  hostReportSubject,
  hostHeartbeat,
  hostStarted,
  hostVmRebooted,
  requestSubject,
  vmDeleted,
  type ServiceName,
} from '@infinibay/contracts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { repositoryRoot } from '../stack/layout.ts';
import { pollUntil } from '../stack/polling.ts';
import { startTestNats, temporaryState, type TemporaryState } from '../stack/test-infrastructure.ts';
import type { RunningNats } from '../stack/nats.ts';
import { natsAccounts } from './accounts.ts';

const PASSWORD = 'secret';
const HOST = '0196f5a0-0000-7000-8000-0000000000aa';
const DEPARTMENT = randomUUID();
const OTHER_DEPARTMENT = randomUUID();

let state: TemporaryState;
let server: RunningNats;

interface Client {
  readonly connection: NatsConnection;
  /** What the server complained of, as it comes. */
  readonly errors: string[];
}

const clients: Client[] = [];

const collectErrors = async ({ connection, errors }: Client): Promise<void> => {
  for await (const status of connection.status()) if (status.type === 'error') errors.push(status.error.message);
};

const connectAs = async (user: string): Promise<NatsConnection> => {
  const connection = await connect({
    servers: server.url,
    user,
    pass: PASSWORD,
    inboxPrefix: `_INBOX.${user}`,
    reconnect: false,
  });
  const client = { connection, errors: [] };
  void collectErrors(client);
  clients.push(client);
  return connection;
};

/** The permission error that the server answers to a publish or subscribe, or undefined when it allows it. */
const refusal = async (connection: NatsConnection, act: () => void): Promise<string | undefined> => {
  const errors = clients.find((client) => client.connection === connection)?.errors ?? [];
  errors.length = 0;
  act();
  // The server handles a connection's lines in order: its answer to the ping comes after its complaint.
  await connection.flush();
  await setImmediate();
  return errors[0];
};

const vmCreated = (departmentId: string): string =>
  eventSubject({ name: 'vm.created', departmentId, resource: { kind: 'vm', id: randomUUID() } });

beforeAll(async () => {
  state = temporaryState();
  const teams = [
    { user: 'consumer', departmentId: undefined },
    { user: 'department-team', departmentId: DEPARTMENT },
  ];
  const users = [...SERVICE_NAMES, ...teams.map(({ user }) => user), 'streams'];
  const passwords = Object.fromEntries(users.map((user) => [user, PASSWORD]));
  server = await startTestNats(state, { accounts: natsAccounts({ passwords, hostId: HOST, teams }), teams });
});

afterAll(async () => {
  await Promise.all(clients.map(({ connection }) => connection.close()));
  await server.stop();
  state.remove();
});

describe('NATS permissions', () => {
  it('refuse a connection without a user', async () => {
    await expect(connect({ servers: server.url, reconnect: false, timeout: 2_000 })).rejects.toThrow(/authorization/i);
  });

  it.each(SERVICE_NAMES)('let %s prove its readiness, and make no stream', async (service: ServiceName) => {
    const connection = await connectAs(service);
    expect((await jetstream(connection).publish(`infinibay.health.v1.${service}`, 'now')).stream).toBe('HEALTH');
    for (const call of ['STREAM.CREATE.OTHER', 'STREAM.CREATE.EVENTS', 'STREAM.INFO.EVENTS']) {
      const refused = await refusal(connection, () => {
        connection.publish(`$JS.API.${call}`, '{}');
      });
      expect(refused).toMatch(/permissions violation/i);
    }
  });

  it("let a service publish its own events and refuse others'", async () => {
    const vms = await connectAs('vms');
    expect((await jetstream(vms).publish(vmCreated(DEPARTMENT), '{}')).stream).toBe('EVENTS');
    const users = await connectAs('users');
    expect(
      await refusal(users, () => {
        users.publish(vmCreated(DEPARTMENT), '{}');
      }),
    ).toMatch(/permissions violation/i);
  });

  it("keep a service out of others' inboxes, requests and streams' administration", async () => {
    const users = await connectAs('users');
    const vmsRequests = requestSubject(findVms);
    expect(
      await refusal(users, () => {
        users.subscribe('_INBOX.vms.>');
      }),
    ).toMatch(/permissions violation/i);
    expect(
      await refusal(users, () => {
        users.subscribe('_INBOX.>');
      }),
    ).toMatch(/permissions violation/i);
    expect(
      await refusal(users, () => {
        users.subscribe(vmsRequests);
      }),
    ).toMatch(/permissions violation/i);
    expect(
      await refusal(users, () => {
        users.subscribe('infinibay.>');
      }),
    ).toMatch(/permissions violation/i);
    for (const call of [
      'STREAM.DELETE.EVENTS',
      'STREAM.PURGE.EVENTS',
      'STREAM.UPDATE.EVENTS',
      'STREAM.CREATE.OTHER',
      'CONSUMER.DELETE.EVENTS.vms-x',
    ]) {
      expect(
        await refusal(users, () => {
          users.publish(`$JS.API.${call}`, '{}');
        }),
      ).toMatch(/permissions violation/i);
    }
  });

  it('carry a request to its owner and the answer back, but only from a caller of the contract', async () => {
    const vms = await connectAs('vms');
    const subject = requestSubject(findVms);
    vms.subscribe(subject, {
      callback: (_error, message) => {
        message.respond('answer');
      },
    });
    await vms.flush();
    const firewall = await connectAs('firewall');
    expect((await firewall.request(subject, '{}', { timeout: 2_000 })).string()).toBe('answer');
    const gateway = await connectAs('gateway');
    expect(
      await refusal(gateway, () => {
        gateway.publish(subject, '{}');
      }),
    ).toMatch(/permissions violation/i);
  });

  it('let an agent speak and listen for its own host only', async () => {
    const agent = await connectAs('hypervisor-agent');
    for (const report of [hostHeartbeat, hostStarted]) {
      expect(
        await refusal(agent, () => {
          agent.publish(hostReportSubject(report, HOST), '{}');
        }),
      ).toBeUndefined();
      expect(
        await refusal(agent, () => {
          agent.publish(hostReportSubject(report, randomUUID()), '{}');
        }),
      ).toMatch(/permissions violation/i);
    }
    const rebooted = (departmentId: string | null, id: string): string =>
      eventSubject({ name: hostVmRebooted.name, departmentId, resource: { kind: 'host', id } });
    expect((await jetstream(agent).publish(rebooted(null, HOST), '{}')).stream).toBe('EVENTS');
    for (const subject of [rebooted(null, randomUUID()), rebooted(DEPARTMENT, HOST)]) {
      expect(
        await refusal(agent, () => {
          agent.publish(subject, '{}');
        }),
      ).toMatch(/permissions violation/i);
    }
    expect(
      await refusal(agent, () => {
        agent.subscribe(`infinibay.host.v1.${HOST}.define-vm`);
      }),
    ).toBeUndefined();
    expect(
      await refusal(agent, () => {
        agent.subscribe('infinibay.host.v1.*.define-vm');
      }),
    ).toMatch(/permissions violation/i);
  });

  it('let a service read events through a durable consumer', async () => {
    const collector = await connectAs('metrics-collector');
    const vmId = randomUUID();
    const deleted = eventSubject({ name: 'vm.deleted', departmentId: DEPARTMENT, resource: { kind: 'vm', id: vmId } });
    await jetstream(await connectAs('vms')).publish(deleted, '{}');
    const consumer = await jetstream(collector).consumers.get('EVENTS', 'metrics-collector-forget-vm');
    const message = await consumer.next({ expires: 2_000 });
    expect(message?.subject).toContain(DEPARTMENT);
    expect(await message?.ackAck()).toBe(true);
  });

  it.each(['gateway', 'users', 'networks', 'firewall', 'vms', 'realtime', 'hypervisor-agent'] as const)(
    "keep %s from reading, answering and changing another service's consumer",
    async (service) => {
      const connection = await connectAs(service);
      for (const subject of [
        `$JS.API.CONSUMER.CREATE.EVENTS.metrics-collector-forget-vm.${eventFilter(vmDeleted)}`,
        '$JS.API.CONSUMER.CREATE.EVENTS.mine.infinibay.events.v1.>',
        '$JS.API.CONSUMER.DELETE.EVENTS.metrics-collector-forget-vm',
        '$JS.API.CONSUMER.MSG.NEXT.EVENTS.metrics-collector-forget-vm',
        '$JS.API.CONSUMER.INFO.EVENTS.metrics-collector-forget-vm',
        '$JS.ACK.EVENTS.metrics-collector-forget-vm.1.1.1.1.1',
      ]) {
        const refused = await refusal(connection, () => {
          connection.publish(subject, '{}');
        });
        expect(refused).toMatch(/permissions violation/i);
      }
    },
  );

  it('name the consumers that the apps have', () => {
    const sources = globSync('apps/*/src/**/*.ts', { cwd: repositoryRoot }).filter((file) => !file.endsWith('spec.ts'));
    const handled = sources.flatMap((file) => {
      const text = readFileSync(path.join(repositoryRoot, file), 'utf8');
      const service = file.split(path.sep)[1] ?? '';
      return [...text.matchAll(/@HandlesEvent\(\s*(\w+),\s*(?:'([\w-]+)'|(\w+))/g)].map(([, event, literal, name]) => {
        const purpose = literal ?? new RegExp(`const ${name ?? ''} = '([\\w-]+)'`).exec(text)?.[1];
        return `${service}-${purpose ?? '?'} ${event ?? '?'}`;
      });
    });
    const allowed = Object.entries(DURABLE_CONSUMERS).flatMap(([service, consumers]) =>
      Object.entries(consumers).map(([purpose, { name }]) => {
        const event = name.replaceAll(/[.-](\w)/g, (_match, letter: string) => letter.toUpperCase());
        return `${service}-${purpose} ${event}`;
      }),
    );
    expect(handled.sort()).toEqual(allowed.sort());
  });

  it('let realtime follow the stream live and look up what it missed', async () => {
    const realtime = await connectAs('realtime');
    const manager = await jetstreamManager(realtime, { checkAPI: false });
    const heard: string[] = [];
    realtime.subscribe('infinibay.live.v1.>', {
      callback: (_error, message) => {
        heard.push(message.headers?.get('Nats-Sequence') ?? '');
      },
    });
    await realtime.flush();
    const { seq } = await jetstream(await connectAs('vms')).publish(vmCreated(DEPARTMENT), '{}');
    await pollUntil(() => Promise.resolve(heard.length > 0 || undefined), {
      timeoutMs: 20_000,
      intervalMs: 20,
      what: 'the event',
    });
    expect(heard).toEqual([String(seq)]);
    expect((await manager.streams.getMessage('EVENTS', { seq }))?.subject).toContain(DEPARTMENT);
  });
});

describe("NATS permissions of another team's user", () => {
  it('allow nothing to be published', async () => {
    const team = await connectAs('consumer');
    expect(
      await refusal(team, () => {
        team.publish(vmCreated(DEPARTMENT), '{}');
      }),
    ).toMatch(/permissions violation/i);
    expect(
      await refusal(team, () => {
        team.publish('$JS.API.STREAM.CREATE.OTHER', '{}');
      }),
    ).toMatch(/permissions violation/i);
    expect(
      await refusal(team, () => {
        team.subscribe('infinibay.events.v1.>');
      }),
    ).toMatch(/permissions violation/i);
  });

  it('give one department its own events only', async () => {
    await jetstream(await connectAs('vms')).publish(vmCreated(OTHER_DEPARTMENT), '{}');
    const team = await connectAs('department-team');
    const consumer = await jetstream(team).consumers.get('EVENTS', 'department-team');
    const batch = await consumer.fetch({ max_messages: 10, expires: 1_000 });
    const subjects: string[] = [];
    for await (const message of batch) {
      subjects.push(message.subject);
      message.ack();
    }
    expect(subjects.length).toBeGreaterThan(0);
    expect(subjects.every((subject) => subject.includes(DEPARTMENT))).toBe(true);
  });

  it('let no team make, change or widen a consumer, nor read the stream past it', async () => {
    const team = await connectAs('department-team');
    for (const call of [
      'CONSUMER.CREATE.EVENTS.department-team.infinibay.events.v1.>',
      `CONSUMER.CREATE.EVENTS.department-team.infinibay.events.v1.${DEPARTMENT}.>`,
      'CONSUMER.DURABLE.CREATE.EVENTS.department-team',
      'CONSUMER.CREATE.EVENTS',
      'CONSUMER.DELETE.EVENTS.department-team',
      'CONSUMER.MSG.NEXT.EVENTS.consumer',
      'STREAM.MSG.GET.EVENTS',
      'DIRECT.GET.EVENTS',
      'DIRECT.GET.EVENTS.infinibay.events.v1.>',
      'STREAM.INFO.EVENTS',
      'STREAM.CREATE.MINE',
      'STREAM.SNAPSHOT.EVENTS',
    ]) {
      const refused = await refusal(team, () => {
        team.publish(`$JS.API.${call}`, '{}');
      });
      expect([call, refused]).toEqual([call, expect.stringMatching(/permissions violation/i)]);
    }
  });
});
