import { EVENTS_STREAM, EVENTS_SUBJECTS, HEALTH_STREAM, HEALTH_SUBJECTS } from '@infinibay/contracts';
import { jetstreamManager, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@infinibay/platform-logging';

const DAY_NS = 24 * 3_600 * 1_000_000_000;

const STREAMS: readonly (Partial<StreamConfig> & { name: string; subjects: string[] })[] = [
  {
    name: EVENTS_STREAM,
    subjects: [EVENTS_SUBJECTS],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: 7 * DAY_NS,
    max_bytes: 1_073_741_824,
    duplicate_window: 120_000_000_000,
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

/** Makes the streams that are missing. Any service may be the first; a store that was erased is made again. */
export const ensureStreams = async (connection: NatsConnection, logger: Logger): Promise<void> => {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  for (const stream of STREAMS) {
    const exists = await manager.streams.info(stream.name).then(
      () => true,
      () => false,
    );
    if (exists) continue;
    await manager.streams.add(stream).then(
      () => logger.info({ stream: stream.name }, 'stream created'),
      async (error: unknown) => {
        // Another service may have won the race.
        await manager.streams.info(stream.name).catch(() => {
          throw error;
        });
      },
    );
  }
};
