import { SCHEMA_NAMES, type SubgraphName } from '@infinibay/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { installEmptyImage } from '../guest-image/empty-image.ts';
import { startChild, type RunningChild } from '../stack/child-process.ts';
import { ensureDatabase } from '../stack/database.ts';
import { ADMIN_EMAIL } from '../stack/first-administrator.ts';
import { anyFreePort } from '../stack/free-ports.ts';
import { prepareFolders } from '../stack/infrastructure.ts';
import { repositoryRoot } from '../stack/layout.ts';
import { applyMigrations } from '../stack/migrations.ts';
import { NATS_USER_NAMES, stackNatsAccounts } from '../stack/nats-users.ts';
import { startNats, type RunningNats } from '../stack/nats.ts';
import { pollUntil } from '../stack/polling.ts';
import { startPostgres, type RunningPostgres } from '../stack/postgres.ts';
import { askReadiness, type HealthAnswer } from '../stack/readiness.ts';
import { loadSecrets } from '../stack/secrets.ts';
import {
  healthPortOf,
  PREFERRED_PORTS,
  SERVICES,
  serviceEnvironment,
  type PortName,
  type ServiceContext,
} from '../stack/services.ts';
import { temporaryState, type TemporaryState } from '../stack/test-infrastructure.ts';

const PASSWORD = 'the administrator of the outage specs';
/** realtime and metrics-collector have no part in what is shown here. */
const RUNNING = SERVICES.filter(({ name }) => name !== 'realtime' && name !== 'metrics-collector');
type ServiceUnderTest = (typeof RUNNING)[number]['name'];
const PATIENT_MS = 240_000;

/** What a client gets: data, or the code of the first error. */
export interface Outcome {
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly code: string | undefined;
  readonly text: string;
}

interface BenchParts {
  readonly state: TemporaryState;
  readonly context: ServiceContext;
  readonly settings: Readonly<Record<string, string>>;
}

/** The real services on servers of their own, without a supervisor: what ends here stays away until it is started again. */
export class OutageBench {
  postgres: RunningPostgres;
  nats: RunningNats;
  private readonly services = new Map<string, RunningChild>();
  private readonly state: TemporaryState;
  private readonly context: ServiceContext;
  private readonly settings: Readonly<Record<string, string>>;

  private constructor(
    { state, context, settings }: BenchParts,
    servers: { postgres: RunningPostgres; nats: RunningNats },
  ) {
    this.state = state;
    this.context = context;
    this.settings = settings;
    this.postgres = servers.postgres;
    this.nats = servers.nats;
  }

  /** @param settings for every service, beside those that it has on a developer's machine */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<OutageBench> {
    const state = temporaryState();
    prepareFolders(state);
    installEmptyImage(state.imageDir);
    const ports = await freePorts();
    const context: ServiceContext = {
      layout: state,
      secrets: loadSecrets(state.secretsFile, SCHEMA_NAMES, NATS_USER_NAMES),
      ports,
      hypervisor: { kind: 'test', reason: 'the outage specs' },
      libvirtUri: 'test:///default',
      firstStart: true,
      adminPassword: PASSWORD,
      demoPassword: undefined,
    };
    const postgres = await launchPostgres(context);
    const nats = await launchNats(context);
    const bench = new OutageBench({ state, context, settings }, { postgres, nats });
    try {
      await bench.migrate();
      for (const { name } of RUNNING) await bench.startService(name);
      await bench.everyoneIsReady();
      return bench;
    } catch (error) {
      await bench.stop();
      throw error;
    }
  }

  async startPostgresAgain(): Promise<void> {
    this.postgres = await launchPostgres(this.context);
  }

  async startNatsAgain(): Promise<void> {
    this.nats = await launchNats(this.context);
  }

  async startService(name: ServiceUnderTest): Promise<void> {
    const entry = RUNNING.find((service) => service.name === name);
    if (entry === undefined) throw new Error(`${name} is no part of the bench`);
    const { layout } = this.context;
    this.services.set(
      name,
      await startChild({
        name,
        command: process.execPath,
        args: [path.join(repositoryRoot, 'apps', name, 'dist', 'main.js')],
        environment: { ...serviceEnvironment(entry, this.context), ...this.settings },
        workingDir: layout.stateDir,
        logFile: path.join(layout.logDir, `${name}.log`),
        runDir: layout.runDir,
      }),
    );
  }

  /** Which process serves each service: the same before and after shows that none was started again. */
  pids(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.services].map(([name, child]) => [name, child.pid]));
  }

  allRun(): boolean {
    return [...this.services.values()].every((child) => child.isRunning());
  }

  service(name: ServiceUnderTest): RunningChild {
    const child = this.services.get(name);
    if (child === undefined) throw new Error(`${name} does not run`);
    return child;
  }

  readiness(name: ServiceUnderTest): Promise<HealthAnswer> {
    return askReadiness(healthPortOf(name, this.context.ports));
  }

  async everyoneIsReady(): Promise<void> {
    for (const { name } of RUNNING) await this.becomes(name, true);
  }

  async becomes(name: ServiceUnderTest, ready: boolean): Promise<HealthAnswer> {
    return pollUntil(
      async () => {
        const answer = await this.readiness(name);
        return answer.ready === ready ? answer : undefined;
      },
      { timeoutMs: PATIENT_MS, intervalMs: 250, what: `${name} to be ${ready ? '' : 'not '}ready` },
    );
  }

  /** Through the gateway. */
  ask(query: string, { token, variables = {} }: { token?: string; variables?: object } = {}): Promise<Outcome> {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return post(`http://127.0.0.1:${String(this.context.ports.gateway)}/graphql`, headers, { query, variables });
  }

  /** A subgraph itself, with the headers of the gateway. */
  askSubgraph(
    name: SubgraphName,
    headers: Readonly<Record<string, string>>,
    query: string,
    variables: object,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    return post(`http://127.0.0.1:${String(this.context.ports[name])}/graphql`, headers, { query, variables }, signal);
  }

  async login(): Promise<string> {
    const answer = await this.ask(
      `mutation ($p: String!) { login(email: "${ADMIN_EMAIL}", password: $p) { accessToken } }`,
      {
        variables: { p: PASSWORD },
      },
    );
    const login = answer.data?.['login'];
    if (typeof login !== 'object' || login === null || !('accessToken' in login)) throw new Error(answer.text);
    return String(login.accessToken);
  }

  get internalKey(): string {
    return this.context.secrets.internalKey;
  }

  /** Of all services, for a spec that fails. */
  logs(): string {
    return readdirSync(this.state.logDir)
      .filter((name) => name.endsWith('.log'))
      .map((name) => `${name}:\n${readFileSync(path.join(this.state.logDir, name), 'utf8').slice(-4_000)}`)
      .join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.services.values()].map((child) => child.stop()));
    await this.nats.stop();
    await this.postgres.stop('fast');
    this.state.remove();
  }

  private async migrate(): Promise<void> {
    const { secrets, ports, layout } = this.context;
    const roles = SCHEMA_NAMES.map((name) => ({ name, password: secrets.databasePasswords[name] ?? '' }));
    const { adminUrl } = this.postgres;
    await ensureDatabase(adminUrl, roles);
    const inputs = {
      layout,
      port: ports.postgres,
      adminUrl,
      passwords: secrets.databasePasswords,
      databaseIsNew: true,
    };
    await applyMigrations(inputs, SCHEMA_NAMES);
  }
}

async function freePorts(): Promise<Record<PortName, number>> {
  const names = Object.keys(PREFERRED_PORTS) as PortName[];
  const entries = await Promise.all(names.map(async (name) => [name, await anyFreePort()] as const));
  return Object.fromEntries(entries) as Record<PortName, number>;
}

const launchPostgres = ({ layout, secrets, ports }: ServiceContext): Promise<RunningPostgres> =>
  startPostgres({
    dataDir: path.join(layout.postgresDir, 'data'),
    runDir: layout.runDir,
    logFile: path.join(layout.logDir, 'postgres.log'),
    superuserPassword: secrets.postgresPassword,
    port: ports.postgres,
    durable: false,
  });

const launchNats = ({ layout, secrets, ports }: ServiceContext): Promise<RunningNats> =>
  startNats({
    dataDir: layout.natsDir,
    runDir: layout.runDir,
    logFile: path.join(layout.logDir, 'nats.log'),
    accounts: stackNatsAccounts(secrets.natsPasswords, secrets.hostId),
    port: ports.nats,
    monitorPort: ports.natsMonitor,
  });

async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: object,
  signal?: AbortSignal,
): Promise<Outcome> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
  const text = await response.text();
  const parsed = JSON.parse(text) as { data?: Outcome['data'] | null; errors?: { extensions: { code: string } }[] };
  return { data: parsed.data ?? undefined, code: parsed.errors?.[0]?.extensions.code, text };
}
