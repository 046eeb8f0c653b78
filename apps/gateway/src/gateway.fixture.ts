import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { loadConfig } from '@infinibay/platform-config';
import { startMessaging } from '@infinibay/platform-messaging';
import { HealthListener } from '@infinibay/platform-health';
import { NestLogger, createLogger } from '@infinibay/platform-logging';
import { prepareHttp } from '@infinibay/platform-service';
import { createTestDatabase, pollUntil, testNats, threadCpuMs, type TestDatabase } from '@infinibay/testing';
import { AppModule } from './app.module.js';
import { RefusalGate } from './callers/refusal-gate.js';
import { configSchema } from './config.js';
import { MAX_BODY } from './limits/limits.js';

const ROOT = resolve(import.meta.dirname, '../../..');
export const INTERNAL_KEY = 'internal key of the gateway specs, 32 or more';
export const ADMIN = { email: 'admin@infinibay.local', password: 'first admin, long enough' } as const;

const natsSettings = () => {
  const nats = testNats();
  return { NATS_URL: nats.url, NATS_USER: nats.user, NATS_PASSWORD: nats.password };
};

/** Below those that the kernel gives out by itself: nobody takes it before the service does. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
};

/** The real users service, as a process of its own on a database of its own. */
export class UsersProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly database: TestDatabase,
  ) {}

  static async start(): Promise<UsersProcess> {
    const database = await createTestDatabase('users');
    const port = await freePort();
    const child = spawn(process.execPath, [join(ROOT, 'apps/users/dist/main.js')], {
      env: {
        NODE_ENV: 'test',
        HTTP_PORT: String(port),
        LOG_LEVEL: 'error',
        DATABASE_URL: database.url,
        INTERNAL_KEY,
        BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
        ...natsSettings(),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const origin = `http://127.0.0.1:${port}`;
    const ready = async () => (await fetch(`${origin}/health/ready`)).ok;
    const users = new UsersProcess(`${origin}/graphql`, child, database);
    try {
      await pollUntil(ready, { timeoutMs: 30_000, what: 'the users service' });
      return users;
    } catch (error) {
      await users.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    await this.database.drop();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Record<string, unknown> | null;
  readonly code: string | undefined;
  readonly errors: readonly {
    message: string;
    path?: string[];
    extensions: { code: string; kind: string; details: Record<string, unknown> };
  }[];
  readonly text: string;
  /** CPU time that the question and its answer took of this thread, where client and gateway both run. */
  readonly cpuMs: number;
}

let supergraph: Promise<string> | undefined;

/** The supergraph of the users service alone, as the developer's tool makes it; once for a spec file. */
const composeUsers = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'infinibay-supergraph-'));
  await promisify(execFile)(process.execPath, [
    join(ROOT, 'tools/graphql/compose.ts'),
    '--only',
    'users',
    '--out',
    folder,
  ]);
  const text = await readFile(join(folder, 'supergraph.graphql'), 'utf8');
  await rm(folder, { recursive: true });
  return text;
};

/** The real gateway in this process, in front of the subgraph URLs that are given. */
export class Gateway {
  private constructor(
    private readonly app: NestExpressApplication,
    readonly url: string,
    private readonly folder: string,
  ) {}

  static async start(settings: { USERS_URL: string } & Record<string, string>): Promise<Gateway> {
    supergraph ??= composeUsers();
    const folder = await mkdtemp(join(tmpdir(), 'infinibay-gateway-'));
    await writeFile(join(folder, 'supergraph.graphql'), await supergraph);
    const config = loadConfig(configSchema, {
      NODE_ENV: 'test',
      HTTP_PORT: '0',
      HEALTH_PORT: '0',
      INTERNAL_KEY,
      VMS_URL: 'http://127.0.0.1:9/graphql',
      NETWORKS_URL: 'http://127.0.0.1:9/graphql',
      FIREWALL_URL: 'http://127.0.0.1:9/graphql',
      SUPERGRAPH_PATH: join(folder, 'supergraph.graphql'),
      ...natsSettings(),
      ...settings,
    });
    const logger = createLogger({ service: 'gateway', level: 'fatal', format: 'json' });
    const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, logger), {
      logger: new NestLogger(logger),
      bodyParser: false,
      abortOnError: false,
    });
    prepareHttp(app, {
      service: 'gateway',
      bodyLimit: MAX_BODY,
      corsOrigins: config.CORS_ORIGINS,
      beforeBody: app.get(RefusalGate).handle,
    });
    app.set('trust proxy', config.TRUSTED_PROXIES);
    await startMessaging(app);
    await app.listen(0, '127.0.0.1');
    return new Gateway(app, await app.getUrl(), folder);
  }

  /** Where operators ask; the port for everybody answers nothing of it. */
  get healthUrl(): string {
    return `http://127.0.0.1:${String(this.app.get(HealthListener).port)}`;
  }

  async post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const before = threadCpuMs();
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const cpuMs = threadCpuMs() - before;
    const parsed = JSON.parse(text) as { data?: Record<string, unknown> | null; errors?: Answer['errors'] };
    const errors = parsed.errors ?? [];
    return {
      status: response.status,
      headers: response.headers,
      data: parsed.data ?? null,
      code: errors[0]?.extensions.code,
      errors,
      text,
      cpuMs,
    };
  }

  query(query: string, options: { token?: string; variables?: Record<string, unknown> } = {}): Promise<Answer> {
    const headers: Record<string, string> =
      options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    return this.post({ query, variables: options.variables ?? {} }, headers);
  }

  async login(
    credentials: { email: string; password: string } = ADMIN,
  ): Promise<{ accessToken: string; refreshToken: string }> {
    const answer = await this.query(
      'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken refreshToken } }',
      { variables: { ...credentials } },
    );
    if (answer.code !== undefined) throw new Error(answer.text);
    return answer.data?.['login'] as { accessToken: string; refreshToken: string };
  }

  async stop(): Promise<void> {
    await this.app.close();
    await rm(this.folder, { recursive: true });
  }
}
