import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { startMessaging } from '@infinibay/platform-messaging';
import { ACTOR_HEADER, signActor } from '@infinibay/platform-access';
import { loadConfig } from '@infinibay/platform-config';
import { NestLogger, createLogger, setServiceActor } from '@infinibay/platform-logging';
import { createTestDatabase, testNats, type TestDatabase } from '@infinibay/testing';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { configSchema } from '../config.js';

export const INTERNAL_KEY = 'test-internal-key-test-internal-key';

interface GraphqlAnswer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly details: Record<string, unknown> };
  }[];
}

export const memberOf = (...departmentIds: string[]): Actor => ({
  userId: randomUUID(),
  sessionId: randomUUID(),
  role: 'USER',
  departmentIds,
});
export const admin = (): Actor => ({ userId: randomUUID(), sessionId: randomUUID(), role: 'ADMIN', departmentIds: [] });

/** One instance of the service on a database that may be shared with others. */
export class VmsUnderTest {
  private constructor(
    private readonly app: INestApplication,
    private readonly url: string,
  ) {}

  static async start(database: TestDatabase, environment: Record<string, string> = {}): Promise<VmsUnderTest> {
    const nats = testNats();
    const config = loadConfig(configSchema, {
      HTTP_PORT: '0',
      LOG_LEVEL: 'error',
      NATS_URL: nats.url,
      NATS_USER: nats.user,
      NATS_PASSWORD: nats.password,
      DATABASE_URL: database.url,
      INTERNAL_KEY,
      LEASE_SECONDS: '3',
      ...environment,
    });
    setServiceActor('vms');
    const logger = createLogger({ service: 'vms', level: process.env['TEST_LOG_LEVEL'] ?? 'fatal', format: 'json' });
    const app = await NestFactory.create(AppModule.forRoot(config, logger), { logger: new NestLogger(logger) });
    await startMessaging(app);
    await app.listen(0, '127.0.0.1');
    return new VmsUnderTest(app, `${await app.getUrl()}/graphql`);
  }

  get<T>(token: abstract new (...args: never[]) => T): T {
    return this.app.get<T>(token);
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  async ask(
    actor: Actor | null | 'stranger',
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<GraphqlAnswer> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (actor !== 'stranger') headers[ACTOR_HEADER] = await signActor(actor, INTERNAL_KEY);
    const response = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return (await response.json()) as GraphqlAnswer;
  }
}

export { createTestDatabase, testNats, type TestDatabase };
