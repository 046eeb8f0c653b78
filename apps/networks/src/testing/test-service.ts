import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  EventEnvelope,
  type Actor,
  type ReplyOf,
  type ReportContract,
  type ReportInputOf,
  type RequestContract,
  type RequestInputOf,
} from '@infinibay/contracts';
import { ACTOR_HEADER, signActor } from '@infinibay/platform-access';
import { loadConfig } from '@infinibay/platform-config';
import { createLogger, type Logger } from '@infinibay/platform-logging';
import {
  ReportPublisher,
  RequestClient,
  RequestServer,
  type RequestHandler,
  startMessaging,
} from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { correlationMiddleware } from '@infinibay/platform-service';
import { askSubgraph, createTestDatabase, type GraphqlAnswer, testNats, type TestDatabase } from '@infinibay/testing';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../app.module.js';
import { configSchema } from '../config.js';
import { Database } from '../database.js';

const INTERNAL_KEY = 'an-internal-key-for-tests-of-32-characters';

/** The whole networks service on real PostgreSQL and NATS, and the other end of its messages. */
export class TestService {
  private constructor(
    readonly database: TestDatabase,
    private readonly app: NestExpressApplication,
    private readonly url: string,
    private readonly nats: NatsConnection,
    private readonly client: RequestClient,
    private readonly logger: Logger,
  ) {}

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<TestService> {
    const database = await createTestDatabase('networks');
    const server = testNats();
    const logger = createLogger({ service: 'test', level: process.env['TEST_LOG_LEVEL'] ?? 'error', format: 'json' });
    const config = loadConfig(configSchema, {
      HTTP_PORT: '0',
      NATS_URL: server.url,
      NATS_USER: server.user,
      NATS_PASSWORD: server.password,
      DATABASE_URL: database.url,
      INTERNAL_KEY,
      ...environment,
    });
    const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, logger), {
      logger: false,
      abortOnError: false,
    });
    app.use(correlationMiddleware('networks'));
    await startMessaging(app);
    await app.listen(0, '127.0.0.1');
    const nats = await connect({ servers: server.url, user: server.user, pass: server.password });
    const durations = new MetricsRegistry('test').histogram('infinibay_request_sent_seconds', 'sent', [
      'name',
      'outcome',
    ]);
    return new TestService(
      database,
      app,
      `${await app.getUrl()}/graphql`,
      nats,
      new RequestClient(nats, durations),
      logger,
    );
  }

  get<T>(token: abstract new (...args: never[]) => T): T {
    return this.app.get<T>(token);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.nats.close();
    await this.database.drop();
  }

  /** A network that is there already, in a department that need not exist. */
  async insertNetwork(departmentId: string, name: string, cidr: string): Promise<string> {
    return (await this.app.get(Database).network.create({ data: { departmentId, name, nameKey: name, cidr } })).id;
  }

  /** As if its hosts had been sent the network a minute ago and were to be sent it again in an hour. */
  async backdateApplied(networkId: string): Promise<void> {
    await this.app.get(Database).$executeRawUnsafe(
      `UPDATE host_networks SET applied_at = now() - interval '1 minute', next_attempt_at = now() + interval '1 hour'
       WHERE network_id = $1::uuid`,
      networkId,
    );
  }

  /** Events that the service committed, oldest first. */
  async events(name: string): Promise<EventEnvelope[]> {
    const rows = await this.app.get(Database).outboxEvent.findMany({ orderBy: { id: 'asc' } });
    return rows.map((row) => EventEnvelope.parse(row.payload)).filter((event) => event.name === name);
  }

  /** Answers a contract in the name of another process. */
  serve(contract: RequestContract, handler: RequestHandler, hostId?: string): void {
    const durations = new MetricsRegistry('test').histogram('infinibay_request_handled_seconds', 'handled', [
      'name',
      'outcome',
    ]);
    new RequestServer(this.nats, `test-${contract.owner}`, this.logger, durations).serve(contract, handler, hostId);
  }

  /** Tells a report in the name of a host. */
  async report<C extends ReportContract>(contract: C, hostId: string, data: ReportInputOf<C>): Promise<void> {
    new ReportPublisher(this.nats).publishForHost(contract, hostId, data);
    await this.nats.flush();
  }

  call<C extends RequestContract>(contract: C, data: RequestInputOf<C>): Promise<ReplyOf<C>> {
    return this.client.call(contract, data);
  }

  /** The subgraph's own schema, as it tells the gateway. */
  async schema(): Promise<string> {
    const { data } = await this.graphql(null, '{ _service { sdl } }');
    return (data?.['_service'] as { sdl: string }).sdl;
  }

  async graphql(actor: Actor | null, query: string, variables: Record<string, unknown> = {}): Promise<GraphqlAnswer> {
    // Whoever was told to serve is known to NATS by now: else the service would hear that nobody listens.
    await this.nats.flush();
    const headers = { [ACTOR_HEADER]: await signActor(actor, INTERNAL_KEY) };
    return askSubgraph(this.url, headers, query, variables);
  }
}

export { actorOf } from '@infinibay/testing';
