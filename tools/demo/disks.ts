import { randomUUID } from 'node:crypto';
import { pollUntil } from '../stack/polling.ts';
import type { GraphClient } from './graph-client.ts';
import type { LiveFeed } from './live-feed.ts';
import { PATIENCE_MS } from './patience.ts';
import {
  ATTACH_VOLUME,
  CREATE_SNAPSHOT,
  CREATE_VOLUME,
  DELETE_VOLUME,
  DISKS,
  REVERT_TO_SNAPSHOT,
  UPTIME,
  VM_STATE,
} from './queries.ts';

type Say = (line: string) => void;

interface Disks {
  readonly vm: {
    readonly state: string;
    readonly volumes: readonly { readonly id: string; readonly target: string | null; readonly attachment: string }[];
    readonly snapshots: readonly { readonly id: string; readonly memoryGib: number }[];
    readonly operations: readonly { readonly status: string; readonly errorMessage: string | null }[];
  };
}

const ended = async (graph: GraphClient, vmId: string, what: string): Promise<Disks['vm']> => {
  const vm = await pollUntil(
    async () => {
      const { vm: now } = await graph.ask<Disks>(DISKS, { id: vmId });
      return ['PENDING', 'RUNNING'].includes(now.operations[0]?.status ?? '') ? undefined : now;
    },
    { timeoutMs: PATIENCE_MS, intervalMs: 250, what },
  );
  const [operation] = vm.operations;
  if (operation?.status !== 'SUCCEEDED')
    throw new Error(`${what}: ${operation?.status ?? 'no operation'} ${operation?.errorMessage ?? ''}`);
  return vm;
};

const key = (): string => randomUUID();
const gib = (size: number): string => `${(size * 1_024).toFixed(0)} MiB`;

/** A data disk for the running guest. @returns its id */
const attachDisk = async (graph: GraphClient, departmentId: string, vmId: string, say: Say): Promise<string> => {
  const input = { idempotencyKey: key(), departmentId, name: `data of ${vmId}`, capacityGib: 1, vmId };
  const { createVolume } = await graph.ask<{ createVolume: { volume: { id: string } } }>(CREATE_VOLUME, { input });
  const volumeId = createVolume.volume.id;
  await pollUntil(
    async () =>
      graph.ask(ATTACH_VOLUME, { input: { idempotencyKey: key(), vmId, volumeId } }).then(
        () => true,
        // It is being made.
        () => undefined,
      ),
    { timeoutMs: PATIENCE_MS, intervalMs: 250, what: 'the data disk to be made' },
  );
  const { volumes } = await ended(graph, vmId, 'the data disk');
  const target = volumes.find(({ id }) => id === volumeId)?.target ?? '';
  say(`data disk of 1 GiB attached to the running guest as ${target}`);
  return volumeId;
};

/** What is kept, and the way back to it: the guest does not boot anew. */
const goBack = async (graph: GraphClient, feed: LiveFeed, vmId: string, say: Say): Promise<void> => {
  const uptime = async (): Promise<number> =>
    (await graph.ask<{ vm: { metrics: { uptimeSeconds: number } | null } }>(UPTIME, { id: vmId })).vm.metrics
      ?.uptimeSeconds ?? 0;
  const before = await uptime();
  await graph.ask(CREATE_SNAPSHOT, { input: { idempotencyKey: key(), vmId, name: 'before the demo goes on' } });
  const { snapshots } = await ended(graph, vmId, 'the snapshot');
  const [snapshot] = snapshots;
  if (snapshot === undefined) throw new Error('the snapshot is not there');
  say(`snapshot taken of its disks and ${gib(snapshot.memoryGib)} of memory, at an uptime of ${before.toFixed(0)} s`);
  await graph.ask(REVERT_TO_SNAPSHOT, { input: { idempotencyKey: key(), vmId, snapshotId: snapshot.id } });
  const { state } = await ended(graph, vmId, 'the revert');
  if (state !== 'RUNNING') throw new Error(`the VM is ${state} after the revert`);
  await feed.until('the revert', () => feed.has('vm.reverted', vmId), PATIENCE_MS);
  say('VM reverted to the snapshot: it runs on from there');
  await pollUntil(
    async () =>
      (await graph.ask<{ vm: { guestReady: boolean } }>(VM_STATE, { id: vmId })).vm.guestReady ? true : undefined,
    { timeoutMs: PATIENCE_MS, intervalMs: 250, what: 'the agent inside the guest to speak again' },
  );
  const after = await pollUntil(async () => (await uptime()) || undefined, {
    timeoutMs: PATIENCE_MS,
    intervalMs: 250,
    what: 'a sample after the revert',
  });
  if (after < before) throw new Error(`the guest has booted anew: up for ${String(after)} s`);
};

/** @returns what tidies up, once the VM is gone */
export const showDisks = async (
  graph: GraphClient,
  feed: LiveFeed,
  of: { readonly departmentId: string; readonly vmId: string },
  say: Say,
): Promise<() => Promise<void>> => {
  const volumeId = await attachDisk(graph, of.departmentId, of.vmId, say);
  await goBack(graph, feed, of.vmId, say);
  return async () => {
    await graph.ask(DELETE_VOLUME, { input: { idempotencyKey: key(), volumeId } });
    say('data disk deleted: it had outlived its VM');
  };
};
