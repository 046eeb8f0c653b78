import { loadConfig } from '@infinibay/platform-config';
import { startMessaging } from '@infinibay/platform-messaging';
import { HealthListener } from '@infinibay/platform-health';
import type { Logger } from '@infinibay/platform-logging';
import { testNats } from '@infinibay/testing';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { configSchema, type RealtimeConfig } from '../config.js';
import { useClientSockets } from '../connections/socket.adapter.js';

@Module({})
class RealtimeUnderTest {}

interface Additions {
  /** Beside the service's own. */
  readonly gateways?: Type[];
  /** What no operator may set: a grace that a spec can wait for. */
  readonly beyondBounds?: Partial<RealtimeConfig>;
}

/** Starts the service on a free port against the test's NATS. */
export const startRealtime = async (
  logger: Logger,
  settings: Record<string, string> = {},
  { gateways = [], beyondBounds = {} }: Additions = {},
): Promise<INestApplication> => {
  const server = testNats();
  const checked = loadConfig(configSchema, {
    NODE_ENV: 'test',
    HTTP_PORT: '0',
    HEALTH_PORT: '0',
    NATS_URL: server.url,
    NATS_USER: server.user,
    NATS_PASSWORD: server.password,
    CORS_ORIGINS: 'https://app.example.org',
    CONNECTIONS_PER_SECOND: '1000',
    SUBSCRIPTIONS_PER_CONNECTION: '3',
    ...settings,
  });
  const config: RealtimeConfig = { ...checked, ...beyondBounds };
  const module = { module: RealtimeUnderTest, imports: [AppModule.forRoot(config, logger)], providers: gateways };
  const app = await NestFactory.create(module, { logger: false });
  useClientSockets(app);
  await startMessaging(app);
  await app.listen(0, '127.0.0.1');
  return app;
};

/** Where operators ask; the port for everybody answers nothing of it. */
export const healthUrl = (app: INestApplication): string => `http://127.0.0.1:${String(app.get(HealthListener).port)}`;
