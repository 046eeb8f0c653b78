import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  SERVICE_NAMES,
  eventFilter,
  eventSubject,
  findVms,
  hostReportSubject,
  hostHeartbeat,
  hostVmRebooted,
  requestSubject,
  vmDeleted,
  type ServiceName,
} from '@infinibay/contracts';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { repositoryRoot } from '../stack/layout.ts';
import { startTestNats, temporaryState, type TemporaryState } from '../stack/test-infrastructure.ts';
import type { RunningNats } from '../stack/nats.ts';
import { DURABLE_CONSUMERS, consumerPermissions, servicePermissions } from './permissions.ts';

const PASSWORD = 'secret';
const HOST = '0196f5a0-0000-7000-8000-0000000000aa';
const DEPARTMENT = randomUUID();
const OTHER_DEPARTMENT = randomUUID();

const EVENTS_STREAM_CONFIG = { name: 'EVENTS', subjects: ['infinibay.events.v1.>'] };

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
  const services = SERVICE_NAMES.map((service) => ({
    user: service,
    password: PASSWORD,
    permissions: servicePermissions(service, HOST),
  }));
  const teams = [
    { user: 'consumer', password: PASSWORD, permissions: consumerPermissions('consumer') },
    { user: 'department-team', password: PASSWORD, permissions: consumerPermissions('department-team', DEPARTMENT) },
  ];
  server = await startTestNats(state, [...services, ...teams]);
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

  it.each(SERVICE_NAMES)('let %s make the streams and prove its readiness', async (service: ServiceName) => {
    const connection = await connectAs(service);
    const manager = await jetstreamManager(connection, { checkAPI: false });
    await manager.streams.add(EVENTS_STREAM_CONFIG);
    await manager.streams.add({ name: 'HEALTH', subjects: ['infinibay.health.v1.>'], max_msgs_per_subject: 1 });
    expect((await manager.streams.info('EVENTS')).config.name).toBe('EVENTS');
    expect((await jetstream(connection).publish(`infinibay.health.v1.${service}`, 'now')).stream).toBe('HEALTH');
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
    expect(
      await refusal(agent, () => {
        agent.publish(hostReportSubject(hostHeartbeat, HOST), '{}');
      }),
    ).toBeUndefined();
    expect(
      await refusal(agent, () => {
        agent.publish(hostReportSubject(hostHeartbeat, randomUUID()), '{}');
      }),
    ).toMatch(/permissions violation/i);
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
    const manager = await jetstreamManager(collector, { checkAPI: false });
    await manager.consumers.add('EVENTS', {
      durable_name: 'metrics-collector-forget-vm',
      filter_subject: eventFilter(vmDeleted),
      ack_policy: AckPolicy.Explicit,
    });
    const vmId = randomUUID();
    const deleted = eventSubject({ name: 'vm.deleted', departmentId: DEPARTMENT, resource: { kind: 'vm', id: vmId } });
    await jetstream(await connectAs('vms')).publish(deleted, '{}');
    const consumer = await jetstream(collector).consumers.get('EVENTS', 'metrics-collector-forget-vm');
    const message = await consumer.next({ expires: 2_000 });
    expect(message?.subject).toContain(DEPARTMENT);
    expect(await message?.ackAck()).toBe(true);
  });

  it.each(['gateway', 'users', 'networks', 'firewall', 'vms'] as const)(
    "keep %s from reading, answering and changing another service's consumer",
    async (service) => {
      const connection = await connectAs(service);
      for (const subject of [
        `$JS.API.CONSUMER.CREATE.EVENTS.metrics-collector-forget-vm.${eventFilter(vmDeleted)}`,
        '$JS.API.CONSUMER.CREATE.EVENTS.mine.infinibay.events.v1.>',
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

  it('let realtime follow the stream with an ordered consumer', async () => {
    const realtime = await connectAs('realtime');
    const consumer = await jetstream(realtime, { timeout: 2_000 }).consumers.get('EVENTS', {
      filter_subjects: 'infinibay.events.v1.>',
    });
    expect((await consumer.next({ expires: 2_000 }))?.subject).toContain(DEPARTMENT);
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
    const manager = await jetstreamManager(team, { checkAPI: false });
    const wanted = { durable_name: 'department-team', ack_policy: AckPolicy.Explicit };
    await manager.consumers.add('EVENTS', { ...wanted, filter_subject: `infinibay.events.v1.${DEPARTMENT}.>` });
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

  it('refuse a filter that is wider than the department, in the subject as in the request itself', async () => {
    const team = await connectAs('department-team');
    const create = (filter: string) => `$JS.API.CONSUMER.CREATE.EVENTS.department-team.${filter}`;
    expect(
      await refusal(team, () => {
        team.publish(create('infinibay.events.v1.>'), '{}');
      }),
    ).toMatch(/permissions violation/i);
    const config = {
      durable_name: 'department-team',
      name: 'department-team',
      filter_subject: 'infinibay.events.v1.>',
      ack_policy: 'explicit',
    };
    const answer = await team.request(
      create(`infinibay.events.v1.${DEPARTMENT}.>`),
      JSON.stringify({ stream_name: 'EVENTS', config }),
      { timeout: 2_000 },
    );
    expect(answer.json<{ error?: { description: string } }>().error?.description).toMatch(/filtered subject/i);
  });
});
