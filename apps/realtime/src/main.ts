import { runService } from '@infinibay/platform-service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';
import { useClientSockets } from './connections/socket.adapter.js';

await runService({
  name: 'realtime',
  config: configSchema,
  corsOrigins: (config) => config.CORS_ORIGINS,
  module: (config, logger) => AppModule.forRoot(config, logger),
  configure: useClientSockets,
});
