import { runService } from '@infinibay/platform-service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';

await runService({
  name: 'users',
  config: configSchema,
  module: (config, logger) => AppModule.forRoot(config, logger),
});
