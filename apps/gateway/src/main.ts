import { runService } from '@infinibay/platform-service';
import { AppModule } from './app.module.js';
import { RefusalGate } from './callers/refusal-gate.js';
import { configSchema } from './config.js';
import { MAX_BODY } from './limits/limits.js';

/** Longer than any request is worked for. */
const IDLE_TIMEOUT_MS = 60_000;

await runService({
  name: 'gateway',
  config: configSchema,
  module: (config, logger) => AppModule.forRoot(config, logger),
  bodyLimit: MAX_BODY,
  idleTimeoutMs: IDLE_TIMEOUT_MS,
  beforeBody: (app) => app.get(RefusalGate).handle,
  corsOrigins: (config) => config.CORS_ORIGINS,
  configure: (app, config) => {
    app.set('trust proxy', config.TRUSTED_PROXIES);
  },
});
