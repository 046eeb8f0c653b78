/**
 * What `npm run skew` does on a stack with clocks that are off, in place of the demo: a VM's whole life, as a client of
 * the public interfaces, with the access token of the login to the end. Prints each step before it is done; ends with
 * code 0 when everything was seen, else with 1 and the reason.
 */
import { randomUUID } from 'node:crypto';
import { prepareDepartment } from '../demo/department.ts';
import { GraphClient, GraphError } from '../demo/graph-client.ts';
import { LiveFeed } from '../demo/live-feed.ts';
import { CREATE_VM, DELETE_VM, IMAGES, REFRESH, VM_STATE } from '../demo/queries.ts';
import { pollUntil } from '../stack/polling.ts';
import { ME, METRICS, SHUT_DOWN_VM, START_VM } from './queries.ts';

const VM_NAME = 'journey-1';
/** Software emulation on a loaded machine included. */
const PATIENCE_MS = 240_000;

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set; the journey is started by npm run skew`);
  return value;
};

const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  process.stdout.write(`step  ${what}\n`);
  return work();
};

const say = (line: string): void => {
  process.stdout.write(`      ${line}\n`);
};

class Journey {
  private readonly graph: GraphClient;
  private readonly feed: LiveFeed;
  private vmId = '';

  constructor(graph: GraphClient, feed: LiveFeed) {
    this.graph = graph;
    this.feed = feed;
  }

  async create(departmentId: string): Promise<void> {
    const image = await pollUntil(async () => (await this.graph.ask<{ images: { id: string }[] }>(IMAGES)).images[0], {
      timeoutMs: PATIENCE_MS,
      intervalMs: 250,
      what: 'a host to tell of an image',
    });
    const input = { idempotencyKey: randomUUID(), departmentId, name: VM_NAME, imageId: image.id };
    const { createVm } = await this.graph.ask<{ createVm: { vm: { id: string } } }>(CREATE_VM, { input });
    this.vmId = createVm.vm.id;
    await this.feed.follow(this.vmId);
  }

  async act(mutation: string): Promise<void> {
    await this.graph.ask(mutation, { input: { idempotencyKey: randomUUID(), vmId: this.vmId } });
  }

  /** By an event on the socket, and by a query. `nth`: how often the event was to come by now. */
  async reaches(state: string, nth = 1): Promise<void> {
    const { feed, vmId } = this;
    const seen = (): boolean =>
      feed.count('vm.state-changed', vmId, ({ to }) => to === state) >= nth ||
      feed.has('vm.state-changed', vmId, ({ to }) => to === 'ERROR');
    await feed.until(`the event of ${state}`, seen, PATIENCE_MS);
    await pollUntil(
      async () => {
        const { vm } = await this.graph.ask<{ vm: { state: string; error: { code: string } | null } }>(VM_STATE, {
          id: vmId,
        });
        if (vm.state === 'ERROR') throw new Error(`the VM is in ERROR: ${vm.error?.code ?? 'no reason'}`);
        return vm.state === state ? true : undefined;
      },
      { timeoutMs: PATIENCE_MS, intervalMs: 250, what: `VM ${state} in a query` },
    );
  }

  /** Two samples on the socket and one in a query, where guests run; the test driver has none. */
  async metrics(): Promise<void> {
    const { vm } = await this.graph.ask<{
      vm: { host: { virtType: string; guestChannel: boolean } | null; metrics: { uptimeSeconds: number } | null };
    }>(METRICS, { id: this.vmId });
    const { host } = vm;
    if (host?.guestChannel !== true || host.virtType === 'test')
      return say(`the driver ${host?.virtType ?? 'unknown'} runs no guest: metrics were asked for, and there are none`);
    const samples = (): number => this.feed.samples.filter((sample) => sample.vmId === this.vmId).length;
    await this.feed.until('two samples', () => samples() >= 2, PATIENCE_MS);
    await pollUntil(
      async () =>
        (await this.graph.ask<{ vm: { metrics: { uptimeSeconds: number } | null } }>(METRICS, { id: this.vmId })).vm
          .metrics ?? undefined,
      { timeoutMs: PATIENCE_MS, intervalMs: 250, what: 'a sample in a query' },
    );
  }

  async isGone(): Promise<void> {
    await this.feed.until('the event of the deletion', () => this.feed.has('vm.deleted', this.vmId), PATIENCE_MS);
    const code = await this.graph.ask(VM_STATE, { id: this.vmId }).then(
      () => 'still there',
      (error: unknown) => (error instanceof GraphError ? error.code : String(error)),
    );
    if (code !== 'VM_NOT_FOUND') throw new Error(`the deleted VM answers ${code}`);
  }
}

const main = async (): Promise<void> => {
  const url = required('INFINIBAY_GRAPHQL_URL');
  const graph = new GraphClient(url);
  const refreshToken = await step('log in', () =>
    graph.login(required('INFINIBAY_DEMO_EMAIL'), required('INFINIBAY_DEMO_PASSWORD')),
  );
  const feed = await step('join the socket', () =>
    LiveFeed.join(required('INFINIBAY_REALTIME_URL'), graph.accessToken, say),
  );
  const journey = new Journey(graph, feed);
  const departmentId = await step('department, network, rule', () => prepareDepartment(graph, VM_NAME, say));
  await step('create', () => journey.create(departmentId));
  await step('RUNNING by event and query', () => journey.reaches('RUNNING'));
  const next = await step('refresh the session', () =>
    graph.ask<{ refreshSession: { accessToken: string } }>(REFRESH, { refreshToken }),
  );
  await step('metrics', () => journey.metrics());
  await step('shut down', () => journey.act(SHUT_DOWN_VM));
  await step('STOPPED by event and query', () => journey.reaches('STOPPED'));
  await step('start', () => journey.act(START_VM));
  await step('RUNNING again', () => journey.reaches('RUNNING', 2));
  await step('delete', () => journey.act(DELETE_VM));
  await step('gone by event and query', () => journey.isGone());
  await step('both tokens hold', () =>
    Promise.all([graph.ask(ME), new GraphClient(url, next.refreshSession.accessToken).ask(ME)]),
  );
  feed.leave();
};

try {
  await main();
} catch (error) {
  say(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
process.exit();
