import {
  EVENTS_STREAM,
  EVENTS_SUBJECTS,
  HEALTH_STREAM,
  HEALTH_SUBJECTS,
  LIVE_EVENTS_SUBJECTS,
  SERVICE_NAMES,
} from '@infinibay/contracts';
import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  jetstreamManager,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

import type { Team } from './accounts.ts';
import { consumersOf, teamFilter } from './permissions.ts';

type NamedStream = Partial<StreamConfig> & { readonly name: string; readonly subjects: string[] };
type NamedConsumer = Partial<ConsumerConfig> & { readonly durable_name: string; readonly filter_subject: string };

const DAY_MS = 86_400_000;

/** Every stream of the platform. */
export const STREAMS: readonly NamedStream[] = [
  {
    name: EVENTS_STREAM,
    subjects: [EVENTS_SUBJECTS],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: nanos(7 * DAY_MS),
    max_bytes: 1_073_741_824,
    duplicate_window: nanos(120_000),
    republish: { src: EVENTS_SUBJECTS, dest: LIVE_EVENTS_SUBJECTS },
  },
  {
    name: HEALTH_STREAM,
    subjects: [HEALTH_SUBJECTS],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_msgs_per_subject: 1,
    max_bytes: 1_048_576,
  },
];

/** What one consumer may keep open and outstanding, whatever its reader asks for. */
const CONSUMER_LIMITS = {
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  ack_wait: nanos(30_000),
  max_ack_pending: 1_000,
  max_waiting: 64,
  max_batch: 1_000,
  max_expires: nanos(30_000),
} as const;

/** Every consumer of the platform: those of the services, and one for each other team that bears its name. */
export const consumers = (teams: readonly Team[]): NamedConsumer[] => [
  ...SERVICE_NAMES.flatMap(consumersOf).map(({ durable, filter }) => ({
    ...CONSUMER_LIMITS,
    durable_name: durable,
    filter_subject: filter,
  })),
  ...teams.map(({ user, departmentId }) => ({
    ...CONSUMER_LIMITS,
    durable_name: user,
    filter_subject: teamFilter(departmentId),
  })),
];

/** undefined when there is no such thing; any other failure is thrown. */
const found = async <T>(question: Promise<T>): Promise<T | undefined> => {
  try {
    return await question;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined;
    throw error;
  }
};

const differs = (wanted: object, present: object): boolean =>
  Object.entries(wanted).some(([key, value]) => {
    const has: unknown = Reflect.get(present, key);
    return JSON.stringify(has ?? 0) !== JSON.stringify(value ?? 0);
  });

const ensureStream = async (manager: JetStreamManager, wanted: NamedStream): Promise<void> => {
  const present = await found(manager.streams.info(wanted.name));
  if (present === undefined) await manager.streams.add(wanted);
  else if (differs(wanted, present.config)) await manager.streams.update(wanted.name, wanted);
};

/** A consumer that can't be changed into what is wanted is made anew, and goes on where it stood. */
const ensureConsumer = async (manager: JetStreamManager, wanted: NamedConsumer): Promise<void> => {
  const present = await found(manager.consumers.info(EVENTS_STREAM, wanted.durable_name));
  if (present === undefined) {
    await manager.consumers.add(EVENTS_STREAM, wanted);
    return;
  }
  const { deliver_policy: _whereItBegan, ...limits } = wanted;
  if (!differs(limits, present.config)) return;
  await manager.consumers.delete(EVENTS_STREAM, wanted.durable_name);
  await manager.consumers.add(EVENTS_STREAM, {
    ...wanted,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: present.ack_floor.stream_seq + 1,
  });
};

/**
 * Makes the streams and consumers that are missing and brings the others up to date; repeating it changes nothing. They
 * are made here and by nobody else: a service's credential can't.
 * @throws JetStreamError when the server refuses or does not answer.
 */
export const ensureStreams = async (connection: NatsConnection, teams: readonly Team[]): Promise<void> => {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  for (const stream of STREAMS) await ensureStream(manager, stream);
  for (const consumer of consumers(teams)) await ensureConsumer(manager, consumer);
};

export interface StreamKeeper {
  /** Resolves when the streams are there. */
  readonly ready: Promise<undefined>;
  /** Resolves when the connection has closed. */
  readonly ended: Promise<void>;
}

const EVERY_MS = 5_000;
const RETRY_MS = 200;

/** Keeps the streams for as long as the connection lasts: a store may be erased at any time. */
export const keepStreams = (
  connection: NatsConnection,
  teams: readonly Team[],
  report: (error: unknown) => void,
): StreamKeeper => {
  const ready = Promise.withResolvers<undefined>();
  const closed = connection.closed();
  const keep = async (): Promise<void> => {
    while (!connection.isClosed()) {
      const delayMs = await ensureStreams(connection, teams).then(
        () => {
          ready.resolve(undefined);
          return EVERY_MS;
        },
        (error: unknown) => {
          if (!connection.isClosed()) report(error);
          return RETRY_MS;
        },
      );
      const pause = Promise.withResolvers<undefined>();
      const timer = setTimeout(pause.resolve, delayMs, undefined);
      timer.unref();
      await Promise.race([pause.promise, closed]);
      clearTimeout(timer);
    }
    ready.reject(new Error('the connection closed before the streams were there'));
  };
  ready.promise.catch(() => undefined);
  return { ready: ready.promise, ended: keep() };
};
