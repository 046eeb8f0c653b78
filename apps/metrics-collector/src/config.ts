import { databaseSettings, httpSettings, natsSettings, setting, type ConfigOf } from '@infinibay/platform-config';
import { z } from 'zod';

/** Every key that the metrics collector reads from the environment. */
export const configSchema = {
  ...httpSettings,
  ...natsSettings,
  ...databaseSettings,
  AGENT_SOCKET_DIR: setting(
    z.string().regex(/^\//, 'must be an absolute path'),
    "Folder with one folder per VM of this host, named by the VM's id, that holds agent.sock",
  ),
  METRICS_RETENTION_HOURS: setting(
    z.coerce.number().int().min(1).max(87_600).default(168),
    'How long samples are kept',
    { example: '168' },
  ),
  SAMPLE_MIN_INTERVAL_MS: setting(
    z.coerce.number().int().min(0).max(3_600_000).default(1_000),
    'Samples of a guest that come sooner than this after its last one are dropped',
    { example: '1000' },
  ),
  GUEST_SILENT_SECONDS: setting(
    z.coerce.number().min(1).max(86_400).default(120),
    'A guest that says nothing understandable for this long is not ready any more; agents speak every 30 s',
    { example: '120' },
  ),
  GUEST_FRAMES_PER_SECOND: setting(
    z.coerce.number().min(0.1).max(10_000).default(20),
    'Lines read of each guest; beyond it reading pauses',
    { example: '20' },
  ),
  GUEST_FRAMES_BURST: setting(
    z.coerce.number().int().min(1).max(100_000).default(60),
    'Lines that a guest may send at once',
    { example: '60' },
  ),
  GUEST_BYTES_PER_SECOND: setting(
    z.coerce.number().int().min(1_024).max(1_073_741_824).default(262_144),
    'Bytes read of each guest; beyond it reading pauses',
    {
      example: '262144',
    },
  ),
} as const;

export type CollectorConfig = ConfigOf<typeof configSchema>;

/** Injection token of the loaded configuration. */
export const CONFIG = Symbol('CONFIG');
