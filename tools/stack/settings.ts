import { ConfigError, loadConfig, setting, type ConfigOf } from '@infinibay/platform-config';
import { z } from 'zod';

import { StackError } from './stack-error.ts';

const MIN_SILENCE_SECONDS = 10;
const STABLE_SECONDS = 60;

/** What the local stack (`npm start`) reads of its own environment, beside what it gives to the services. */
export const stackSettings = {
  INFINIBAY_SILENCE_SECONDS: setting(
    z.coerce.number().int().min(MIN_SILENCE_SECONDS).max(86_400).default(30),
    'After how long without an answer a service, or JetStream with room on its disk, is ended and started again, in seconds',
    { example: '30' },
  ),
  INFINIBAY_STABLE_SECONDS: setting(
    z.coerce.number().int().min(1).max(86_400).default(STABLE_SECONDS),
    'After how long of running what ends is started again at once, and not after a pause that doubles each time, in seconds',
    { example: '60' },
  ),
} as const;

export type StackSettings = ConfigOf<typeof stackSettings>;

/** @throws StackError naming every bad key */
export function readStackSettings(environment: NodeJS.ProcessEnv = process.env): StackSettings {
  try {
    return loadConfig(stackSettings, environment);
  } catch (error) {
    throw error instanceof ConfigError ? new StackError(error.message, { cause: error }) : error;
  }
}
