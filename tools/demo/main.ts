/**
 * The demo of `npm start`: a client of the public interfaces (GraphQL and socket.io), nothing else. It ends with
 * code 0 when everything it promises was seen, else with 1 and the reason.
 */
import { randomUUID } from 'node:crypto';
import { pollUntil } from '../stack/polling.ts';
import { GraphClient } from './graph-client.ts';
import { LiveFeed } from './live-feed.ts';
import { CREATE_VM, DELETE_VM, EVERYTHING, IMAGES, UPTIME, VM_STATE } from './queries.ts';
import { prepareDepartment } from './department.ts';
import { showDisks } from './disks.ts';
import { PATIENCE_MS } from './patience.ts';
import { showEverything, type VmPicture } from './picture.ts';

const VM_NAME = 'demo-1';
const started = performance.now();

const say = (line: string): void => {
  process.stdout.write(`[demo ${((performance.now() - started) / 1_000).toFixed(1).padStart(5)} s] ${line}\n`);
};

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set; the demo is started by npm start`);
  return value;
};

const createVm = async (graph: GraphClient, departmentId: string): Promise<string> => {
  // Known from the first heartbeat of a host that has checked it.
  const image = await pollUntil(
    async () => (await graph.ask<{ images: { id: string; name: string; version: string }[] }>(IMAGES)).images[0],
    { timeoutMs: PATIENCE_MS, intervalMs: 250, what: 'a host to tell of an image' },
  );
  const input = { idempotencyKey: randomUUID(), departmentId, name: VM_NAME, imageId: image.id };
  const { createVm: created } = await graph.ask<{ createVm: { vm: { id: string; state: string } } }>(CREATE_VM, {
    input,
  });
  say(`VM ${VM_NAME} (${created.vm.id}) accepted from image ${image.name} ${image.version}: ${created.vm.state}`);
  return created.vm.id;
};

const waitForRunning = async (graph: GraphClient, feed: LiveFeed, vmId: string): Promise<void> => {
  await feed.until(
    'the end of the building',
    () => feed.has('vm.state-changed', vmId, ({ to }) => to === 'RUNNING' || to === 'ERROR'),
    PATIENCE_MS,
  );
  const { vm } = await graph.ask<{ vm: { state: string; error: { code: string; message: string } | null } }>(VM_STATE, {
    id: vmId,
  });
  if (vm.state !== 'RUNNING')
    throw new Error(`the VM is ${vm.state}: ${vm.error?.code ?? ''} ${vm.error?.message ?? ''}`);
  say('VM state: BUILDING -> RUNNING');
};

const watchGuest = async (graph: GraphClient, feed: LiveFeed, vmId: string): Promise<void> => {
  say('waiting for the agent inside the guest (the guest boots under software emulation where there is no KVM)');
  await feed.until('the guest agent', () => feed.has('vm.guest-ready', vmId), PATIENCE_MS);
  say('VM state: RUNNING -> guest ready');
  const live = (): number[] =>
    feed.samples.filter((sample) => sample.vmId === vmId).map((sample) => sample.metrics.uptimeSeconds);
  await feed.until('three live samples', () => live().length >= 3, PATIENCE_MS);
  if (!((live().at(-1) ?? 0) > (live()[0] ?? 0))) throw new Error('the uptime of the guest does not rise');
  await compareUptimes(graph, vmId);
};

/** The same through GraphQL: stored samples, two reads. */
const compareUptimes = async (graph: GraphClient, vmId: string): Promise<void> => {
  const read = async (): Promise<number> =>
    (await graph.ask<{ vm: { metrics: { uptimeSeconds: number } | null } }>(UPTIME, { id: vmId })).vm.metrics
      ?.uptimeSeconds ?? 0;
  const first = await read();
  const deadline = Date.now() + PATIENCE_MS;
  let second = first;
  while (second <= first) {
    if (Date.now() > deadline) throw new Error(`the uptime seen through GraphQL stays at ${String(first)} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    second = await read();
  }
  say(`guest uptime through GraphQL: ${first.toFixed(0)} s, then ${second.toFixed(0)} s`);
};

const checkPicture = (vm: VmPicture): void => {
  const capable = vm.host?.nwfilter === true;
  if (!capable) {
    say(
      `NOTE: the driver of this host (${vm.host?.virtType ?? 'unknown'}) has no packet filter (nwfilter): the rules above are stored but nothing enforces them`,
    );
    return;
  }
  if (vm.firewall?.status !== 'APPLIED') throw new Error(`the firewall is ${vm.firewall?.status ?? 'unknown'}`);
  const rules = vm.firewall.kernelRules.filter((rule) => /dport 22\b|dpt:22\b/.test(rule));
  if (rules.length === 0) throw new Error("the kernel's rule list has no rule for TCP port 22");
  say("the rule in the kernel's own rule list of the VM's interface:");
  for (const rule of rules) say(`  ${rule}`);
};

/** The filter is compared once more as soon as the VM runs: until then nothing is said of it. */
const wholePicture = (graph: GraphClient, vmId: string): Promise<VmPicture> =>
  pollUntil(
    async () => {
      const { vm } = await graph.ask<{ vm: VmPicture }>(EVERYTHING, { id: vmId });
      return vm.firewall?.status === 'PENDING' ? undefined : vm;
    },
    { timeoutMs: PATIENCE_MS, intervalMs: 500, what: 'the packet filter to be compared' },
  );

const removeVm = async (graph: GraphClient, feed: LiveFeed, vmId: string): Promise<void> => {
  await graph.ask(DELETE_VM, { input: { idempotencyKey: randomUUID(), vmId } });
  await feed.until('the deletion', () => feed.has('vm.deleted', vmId), PATIENCE_MS);
  say('VM deleted with its disk, address and filter');
};

const main = async (): Promise<void> => {
  const graph = new GraphClient(required('INFINIBAY_GRAPHQL_URL'));
  await graph.login(required('INFINIBAY_DEMO_EMAIL'), required('INFINIBAY_DEMO_PASSWORD'));
  say('logged in through GraphQL');
  const feed = await LiveFeed.join(required('INFINIBAY_REALTIME_URL'), graph.accessToken, say);
  say('joined socket.io; events follow as they come');
  const departmentId = await prepareDepartment(graph, VM_NAME, say);
  const vmId = await createVm(graph, departmentId);
  await feed.follow(vmId);
  await waitForRunning(graph, feed, vmId);
  const { vm } = await graph.ask<{ vm: VmPicture }>(EVERYTHING, { id: vmId });
  let tidy = (): Promise<void> => Promise.resolve();
  if (vm.host?.guestChannel === true) {
    await watchGuest(graph, feed, vmId);
    tidy = await showDisks(graph, feed, { departmentId, vmId }, say);
  } else
    say(
      `NOTE: the driver of this host (${vm.host?.virtType ?? 'unknown'}) runs no real guest: there are no guest metrics, no data disk for it and no snapshot`,
    );
  const whole = await wholePicture(graph, vmId);
  showEverything(whole, say);
  checkPicture(whole);
  if (process.env['INFINIBAY_DEMO_EXIT'] === '1') {
    await removeVm(graph, feed, vmId);
    await tidy();
  }
  feed.leave();
  say('everything that the demo promises was seen');
};

try {
  await main();
} catch (error) {
  say(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
process.exit();
