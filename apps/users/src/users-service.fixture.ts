import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Actor } from '@infinibay/contracts';
import { startMessaging } from '@infinibay/platform-messaging';
import { ACTOR_HEADER, CLIENT_ADDRESS_HEADER, signActor } from '@infinibay/platform-access';
import { loadConfig } from '@infinibay/platform-config';
import { NestLogger, createLogger } from '@infinibay/platform-logging';
import { correlationMiddleware } from '@infinibay/platform-service';
import { createTestDatabase, testNats, type TestDatabase } from '@infinibay/testing';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';
import { Database } from './database.js';

export const ADMIN = { email: 'admin@infinibay.local', password: 'first admin, long enough' } as const;
const INTERNAL_KEY = 'internal key of the users specs, 32 or more';

export interface Answer {
  readonly status: number;
  readonly data: Record<string, unknown> | null;
  /** Code of the first error; undefined when there is none. */
  readonly code: string | undefined;
  readonly errors: readonly {
    message: string;
    extensions: { code: string; kind: string; details: Record<string, unknown> };
  }[];
  readonly text: string;
}

export interface CallOptions {
  readonly variables?: Record<string, unknown>;
  /** Who asks, as the gateway would say; null for anonymous. */
  readonly as?: Actor | null;
  readonly address?: string;
  /** In place of everything that the gateway adds. */
  readonly headers?: Record<string, string>;
}

/** The real application on a database of its own, over HTTP. */
export class UsersService {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
    readonly databases: TestDatabase,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<UsersService> {
    const databases = await createTestDatabase('users');
    return UsersService.startOn(databases, settings);
  }

  /** Another instance on a database that exists. */
  static async startOn(databases: TestDatabase, settings: Record<string, string> = {}): Promise<UsersService> {
    const nats = testNats();
    const config = loadConfig(configSchema, {
      NODE_ENV: 'test',
      HTTP_PORT: '0',
      NATS_URL: nats.url,
      NATS_USER: nats.user,
      NATS_PASSWORD: nats.password,
      DATABASE_URL: databases.url,
      INTERNAL_KEY,
      BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
      ...settings,
    });
    const logger = createLogger({ service: 'users', level: 'error', format: 'json' });
    const app = await NestFactory.create(AppModule.forRoot(config, logger), {
      logger: new NestLogger(logger),
      abortOnError: false,
    });
    app.use(correlationMiddleware('users'));
    await startMessaging(app);
    await app.listen(0, '127.0.0.1');
    return new UsersService(app, await app.getUrl(), databases);
  }

  get database(): Database {
    return this.app.get(Database);
  }

  async call(
    query: string,
    { variables = {}, as = null, address = '192.0.2.1', headers }: CallOptions = {},
  ): Promise<Answer> {
    const fromGateway = headers ?? {
      [ACTOR_HEADER]: await signActor(as, INTERNAL_KEY),
      [CLIENT_ADDRESS_HEADER]: address,
    };
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...fromGateway },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    const body = JSON.parse(text) as { data?: Record<string, unknown> | null; errors?: Answer['errors'] };
    const errors = body.errors ?? [];
    return { status: response.status, data: body.data ?? null, code: errors[0]?.extensions.code, errors, text };
  }

  /** @throws Error with the whole answer when it has errors */
  async ask<T>(query: string, options: CallOptions = {}): Promise<T> {
    const answer = await this.call(query, options);
    if (answer.errors.length > 0) throw new Error(answer.text);
    return answer.data as T;
  }

  async adminActor(): Promise<Actor> {
    const { id } = await this.database.user.findUniqueOrThrow({ where: { email: ADMIN.email } });
    return { userId: id, sessionId: randomUUID(), role: 'ADMIN', departmentIds: [] };
  }

  /** Stops the instance; the database stays. */
  async stop(): Promise<void> {
    const { database } = this;
    await this.app.close();
    await database.$disconnect();
  }

  async stopAndDrop(): Promise<void> {
    await this.stop();
    await this.databases.drop();
  }
}
