/**
 * What makes the VMs of `npm start -- --fleet <number>`: a client of the public interface, nothing else. Whatever it asks
 * for has a key that is the same at each start, so that it makes what is missing and nothing twice. It ends with code 0
 * when every VM runs and is what was declared, else with 1 and the reason.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pollUntil } from '../stack/polling.ts';
import { GraphError, type GraphClient } from './graph-client.ts';
import { PatientGraphClient } from './patient-graph-client.ts';
import { CREATE_DEPARTMENT, CREATE_NETWORK, CREATE_VM, IMAGES } from './queries.ts';
import { PATIENCE_MS } from './patience.ts';

/** What one network has addresses for, and more than one page of a list. */
const VMS_PER_DEPARTMENT = 200;
/** As many as the gateway takes of one caller at once. */
const AT_ONCE = 8;
const PAGE = 50;
/** For so long nothing may come to run. */
const STANDSTILL_MS = PATIENCE_MS;

const COUNTS = `query ($running: VmFilter!, $busy: VmFilter!, $failed: VmFilter!) {
  busy: vms(first: 1, filter: $busy) { totalCount }
  running: vms(first: 1, filter: $running) { totalCount }
  failed: vms(first: 1, filter: $failed) { totalCount nodes { name error { code message } } }
}`;
const DRIFT = `query ($after: String) {
  vms(first: ${String(PAGE)}, after: $after, filter: { namePrefix: "fleet-" }) { nodes { name drift { path } } pageInfo { hasNextPage endCursor } }
}`;

interface Counted {
  readonly totalCount: number;
}

interface Counts {
  readonly busy: Counted;
  readonly running: Counted;
  readonly failed: Counted & {
    readonly nodes: readonly { readonly name: string; readonly error: { readonly code: string } | null }[];
  };
}

interface DriftPage {
  readonly nodes: readonly { readonly name: string; readonly drift: readonly unknown[] }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}

/** Heard of so often since, a host has told of all VMs that it lacks. */
const HEARTBEATS = 2;

const started = performance.now();
const seconds = (): number => (performance.now() - started) / 1_000;

const say = (line: string): void => {
  process.stdout.write(`[fleet ${seconds().toFixed(1).padStart(6)} s] ${line}\n`);
};

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set; the fleet is made by npm start`);
  return value;
};

/** Waits for its turn: one caller makes all of them. */
const inTurn = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GraphError) || error.code !== 'RATE_LIMITED') throw error;
      await delay(1_000);
    }
  }
};

/** Does the work for each, so many at once. */
const forEach = async (count: number, work: (index: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, lane));
};

const numbered = (index: number, digits: number): string => String(index + 1).padStart(digits, '0');

const departmentWithNetwork = async (graph: GraphClient, index: number): Promise<string> => {
  const name = `Fleet ${numbered(index, 3)}`;
  const { createDepartment } = await inTurn(() =>
    graph.ask<{ createDepartment: { id: string } }>(CREATE_DEPARTMENT, {
      input: { idempotencyKey: `fleet-department-${String(index)}`, name },
    }),
  );
  const departmentId = createDepartment.id;
  const input = { idempotencyKey: `fleet-network-${String(index)}`, departmentId, name: 'default' };
  await inTurn(() => graph.ask(CREATE_NETWORK, { input }));
  return departmentId;
};

const imageOfFleet = async (graph: GraphClient): Promise<string> => {
  const query = 'query { vms(first: 1, filter: { namePrefix: "fleet-" }) { nodes { image { id } } } }';
  const { vms } = await graph.ask<{ vms: { nodes: { image: { id: string } }[] } }>(query);
  // A key is for one input: the image stays that of the first start, whatever others there are by now.
  const [first] = vms.nodes;
  if (first !== undefined) return first.image.id;
  const image = async () => (await graph.ask<{ images: { id: string }[] }>(IMAGES)).images[0]?.id;
  return pollUntil(image, { timeoutMs: PATIENCE_MS, intervalMs: 250, what: 'a host to tell of an image' });
};

/** @throws GraphError as soon as one is refused: so would be the others */
const makeVms = async (graph: GraphClient, vms: number): Promise<void> => {
  const imageId = await imageOfFleet(graph);
  const departments = Array.from({ length: Math.ceil(vms / VMS_PER_DEPARTMENT) }, (_, index) => index);
  const ids: string[] = [];
  for (const index of departments) ids.push(await departmentWithNetwork(graph, index));
  say(`${String(ids.length)} departments, each with a network`);
  const progress = Math.max(50, Math.ceil(vms / 20));
  let accepted = 0;
  await forEach(vms, async (index) => {
    const input = {
      idempotencyKey: `fleet-vm-${String(index)}`,
      departmentId: ids[Math.floor(index / VMS_PER_DEPARTMENT)],
      name: `fleet-${numbered(index, 5)}`,
      imageId,
    };
    await inTurn(() => graph.ask(CREATE_VM, { input }));
    accepted += 1;
    if (accepted % progress === 0 || accepted === vms) say(`${String(accepted)} of ${String(vms)} accepted`);
  });
};

/**
 * What is said of hosts and their VMs is of an earlier start until they have been heard of: the test driver has forgotten
 * all VMs.
 */
const untilHeardOf = async (graph: GraphClient): Promise<void> => {
  const heardOf = async (): Promise<ReadonlyMap<string, string>> => {
    const { hosts } = await inTurn(() =>
      graph.ask<{ hosts: { id: string; lastSeenAt: string }[] }>('{ hosts { id lastSeenAt } }'),
    );
    return new Map(hosts.map(({ id, lastSeenAt }) => [id, lastSeenAt]));
  };
  for (let left = HEARTBEATS; left > 0; left -= 1) {
    const before = await heardOf();
    const isNews = async (): Promise<boolean> => {
      const now = await heardOf();
      return [...now].every(([id, lastSeenAt]) => lastSeenAt !== before.get(id));
    };
    await pollUntil(isNews, { timeoutMs: PATIENCE_MS, intervalMs: 500, what: 'every host to be heard of' });
  }
};

/** Until none is on its way to run; what can't is told at once. @returns how many run: people may have stopped some */
const untilRunning = async (graph: GraphClient, vms: number): Promise<number> => {
  let [told, last, since] = [-1, -1, performance.now()];
  for (;;) {
    const of = (...states: string[]) => ({ states, namePrefix: 'fleet-' });
    const asked = { running: of('RUNNING'), busy: of('BUILDING', 'STARTING'), failed: of('ERROR') };
    const { running, busy, failed } = await inTurn(() => graph.ask<Counts>(COUNTS, asked));
    const [first] = failed.nodes;
    if (first !== undefined)
      throw new Error(`${String(failed.totalCount)} VMs failed: ${first.name} ${first.error?.code ?? ''}`);
    const now = running.totalCount;
    if (busy.totalCount === 0) return now;
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > STANDSTILL_MS) throw new Error(`it stays at ${String(now)} VMs that run`);
    if (now - told >= Math.max(50, Math.ceil(vms / 20))) {
      told = now;
      say(`${String(now)} of ${String(vms)} run`);
    }
    await delay(1_000);
  }
};

/** How many VMs were looked at, and names of those that are not what was declared, on their hosts. */
const drifted = async (graph: GraphClient): Promise<{ readonly looked: number; readonly names: string[] }> => {
  const names: string[] = [];
  let looked = 0;
  for (let after: string | null = null; ;) {
    const page: { vms: DriftPage } = await inTurn(() => graph.ask<{ vms: DriftPage }>(DRIFT, { after }));
    looked += page.vms.nodes.length;
    names.push(...page.vms.nodes.filter(({ drift }) => drift.length > 0).map(({ name }) => name));
    if (!page.vms.pageInfo.hasNextPage) return { looked, names };
    after = page.vms.pageInfo.endCursor;
  }
};

const main = async (): Promise<void> => {
  const vms = Number(required('INFINIBAY_FLEET_VMS'));
  const graph = new PatientGraphClient(required('INFINIBAY_GRAPHQL_URL'));
  await graph.login(required('INFINIBAY_DEMO_EMAIL'), required('INFINIBAY_DEMO_PASSWORD'));
  // A host of an earlier start that is not heard of yet is away, and gets no VM.
  await untilHeardOf(graph);
  await makeVms(graph, vms);
  await untilHeardOf(graph);
  const running = await untilRunning(graph, vms);
  say(`${String(running)} of ${String(vms)} run: ${(running / seconds()).toFixed(1)} a second`);
  const { looked, names } = await drifted(graph);
  if (names.length > 0) throw new Error(`${String(names.length)} VMs have drifted: ${names.slice(0, 3).join(', ')}`);
  say(`none of ${String(looked)} VMs has drifted`);
};

try {
  await main();
} catch (error) {
  say(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
process.exit();
