import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES, inspectVm, type ServiceName } from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { connectToNats, RequestClient, RequestServer, StartAnnouncer } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import type { NatsConnection } from '@nats-io/transport-node';
import { startNats, type RunningNats } from '../stack/nats.ts';
import { startTestNats, temporaryState } from '../stack/test-infrastructure.ts';
import { natsAccounts } from '../nats/accounts.ts';

/** Nobody waits that long: what ends was ended by the connection. */
const DAY_MS = 86_400_000;
const hostId = randomUUID();
const passwords = Object.fromEntries([...SERVICE_NAMES, 'streams'].map((user) => [user, 'pw']));
/** Between accounts nobody is told that the owner is away. */
const accounts = natsAccounts({ passwords, hostId, teams: [] });
const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
const durations = new MetricsRegistry('test').histogram('seconds', 'seconds', ['name', 'outcome']);

describe('a request while NATS goes and comes', () => {
  const state = temporaryState();
  const connections: NatsConnection[] = [];
  let nats: RunningNats;
  let client: RequestClient;
  let asked: () => void = () => undefined;
  let answers = true;
  /** What is not answered, until the end: it has a day. */
  const held = Promise.withResolvers<unknown>();

  const connect = async (service: ServiceName): Promise<NatsConnection> => {
    const connection = await connectToNats({ url: nats.url, user: service, password: 'pw', service }, logger);
    connections.push(connection);
    return connection;
  };
  const inspect = () => client.call(inspectVm, { vmId: randomUUID() }, { hostId, timeoutMs: DAY_MS });
  const restart = async (): Promise<void> => {
    nats = await startNats({
      dataDir: state.natsDir,
      runDir: state.runDir,
      logFile: path.join(state.logDir, 'nats.log'),
      accounts,
      teams: [],
      port: nats.port,
      monitorPort: nats.monitorPort,
    });
  };

  beforeAll(async () => {
    nats = await startTestNats(state, { accounts, teams: [] });
    const owner = await connect('hypervisor-agent');
    new RequestServer(owner, 'owner', logger, durations).serve(
      inspectVm,
      () => {
        asked();
        return answers ? Promise.resolve({ domain: null, disk: null }) : held.promise;
      },
      hostId,
    );
    new StartAnnouncer(owner, logger).start([inspectVm], hostId);
    await owner.flush();
    client = new RequestClient(await connect('vms'), durations);
  }, 120_000);
  afterAll(async () => {
    held.resolve(undefined);
    await Promise.all(connections.map((connection) => connection.close()));
    await nats.child.stop('SIGTERM');
    state.remove();
  });

  it('is told at once that its answer is lost, and is answered when it is sent again meanwhile', async () => {
    answers = false;
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const lost = inspect();
    await arrived;
    await nats.child.stop('SIGKILL');
    await expect(lost).rejects.toMatchObject({
      code: 'HOST_UNAVAILABLE',
      details: { reason: 'the connection fell while the answer was awaited' },
    });
    answers = true;
    const waits = inspect();
    await expect(client.call(inspectVm, { vmId: randomUUID() }, { hostId, timeoutMs: 5 })).rejects.toMatchObject({
      code: 'HOST_UNAVAILABLE',
      details: { reason: 'the connection is away' },
    });
    await restart();
    // Its owner may be back a moment later than the caller, and then tells.
    await expect(waits).resolves.toEqual({ domain: null, disk: null });
  }, 240_000);
});
