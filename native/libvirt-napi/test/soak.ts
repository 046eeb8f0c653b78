// A million calls, a hundred thousand events and some hundred connections, and what they leave behind, as one line of JSON.
// Run by soak.int-spec.ts in a process of its own, so that nothing else is measured: node --expose-gc --max-semi-space-size=1 test/soak.ts
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type * as binding from '../src/index.ts';
import { loadAddon } from '../src/load-addon.ts';

const CALLS = 1_000_000;
const EVENTS = 100_000;
const CONNECTIONS = 200;
const IN_FLIGHT = 64;

/** What a process holds. */
export interface Holding {
  /** What JavaScript uses after a garbage collection, bytes. */
  readonly heap: number;
  /** What native code has from malloc, bytes: exact, where resident memory also holds what allocators keep for later. */
  readonly native: number;
  /** Resident memory, bytes. */
  readonly resident: number;
  readonly descriptors: number;
  readonly threads: number;
}

export interface SoakReport {
  /** After a tenth of everything, when caches and pools have their size. */
  readonly warm: Holding;
  readonly after: Holding;
  readonly calls: number;
  readonly events: number;
}

const addon = loadAddon();
const { Connection } = (await import(new URL('../dist/index.js', import.meta.url).href)) as typeof binding;

const countOf = (folder: 'fd' | 'task'): number => readdirSync(`/proc/self/${folder}`).length;

/** Workers that a busy machine made the pool start end by themselves when nobody needs them for half a minute. */
const SPARE_WORKERS_END_MS = 45_000;

/** @param threads how many there should be in the end, waited for as long as it may take */
async function holding(threads = Number.POSITIVE_INFINITY): Promise<Holding> {
  const end = performance.now() + SPARE_WORKERS_END_MS;
  while (countOf('task') > threads && performance.now() < end) await delay(250);
  // What a collection frees may hold the next thing to free.
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await delay(50);
  }
  const { rss, heapUsed } = process.memoryUsage();
  const native = addon.allocatedForTest();
  return { heap: heapUsed, native, resident: rss, descriptors: countOf('fd'), threads: countOf('task') };
}

async function inParallel(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
}

/** Opens, uses and closes connections. */
async function connections(count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    await using connection = await Connection.open('test:///default', { workers: 2 });
    await connection.hostname();
  }
}

const xmlOf = (uuid: string): string =>
  `<domain type='test'><name>soaked</name><uuid>${uuid}</uuid><memory>1024</memory><os><type>hvm</type></os></domain>`;

async function soak(): Promise<SoakReport> {
  let [calls, events] = [0, 0];
  const connection = await Connection.open('test:///default');
  const domain = await connection.domains.lookupByName('test');
  const controller = new AbortController();
  const kinds: readonly (() => Promise<unknown>)[] = [
    () => domain.info(),
    () => domain.state(),
    () => domain.info({ timeoutMs: 10_000 }),
    () => domain.info({ signal: controller.signal }),
    () => connection.hostname(),
    () => connection.domains.lookupByName('nobody').catch(String),
    () => domain.xmlDesc(),
    () => connection.domains.allStats(['state', 'cpu', 'balloon']),
  ];
  connection.on('lifecycle', ({ name }) => {
    if (name === 'soaked') events += 1;
  });
  const uuid = crypto.randomUUID();
  const part = async (share: number): Promise<void> => {
    await inParallel(CALLS * share, async (index) => {
      await kinds[index % kinds.length]?.();
      calls += 1;
    });
    await inParallel(EVENTS * share, () => connection.domains.defineXml(xmlOf(uuid)));
    await connections(CONNECTIONS * share);
  };
  await part(0.1);
  const warm = await holding();
  await part(0.9);
  const after = await holding(warm.threads);
  await connection.close();
  return { warm, after, calls, events };
}

process.stdout.write(`${JSON.stringify(await soak())}\n`);
