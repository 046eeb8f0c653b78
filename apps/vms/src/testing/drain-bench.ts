import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { PrismaClient } from '../database.js';
import { BulkBench, type BulkView } from './bulk-bench.js';
import type { VmBench } from './vm-bench.js';
import { admin } from './vms-under-test.js';

const SET = `mutation ($input: SetHostMaintenanceInput!) { setHostMaintenance(input: $input) {
  id maintenance { since reason by { id } } } }`;
const DRAIN = `mutation ($input: DrainHostInput!) { drainHost(input: $input) {
  id kind resourceKind resourceId status results(first: 200) { totalCount } } }`;
const PREVIEW = `query ($hostId: ID!, $first: Int! = 50, $after: String, $mode: DrainMode) {
  drainPreview(hostId: $hostId, first: $first, after: $after, mode: $mode) {
    nodes { vm { id } outcome reason { code message } targetHost { id } }
    totalCount migrateCount shutDownCount blockedCount
    pageInfo { endCursor hasNextPage } } }`;

export interface PreviewView {
  readonly nodes: readonly {
    readonly vm: { readonly id: string };
    readonly outcome: string;
    readonly reason: { readonly code: string; readonly message: string } | null;
    readonly targetHost: { readonly id: string } | null;
  }[];
  readonly totalCount: number;
  readonly migrateCount: number;
  readonly shutDownCount: number;
  readonly blockedCount: number;
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

/** Puts the host of a bench into maintenance and drains it, as an administrator does. */
export class DrainBench {
  readonly administrator = admin();
  readonly bulk: BulkBench;
  /** Guests that do not hear their power button. */
  readonly deaf = new Set<string>();

  constructor(readonly bench: VmBench) {
    this.bulk = new BulkBench(bench);
    bench.neighbours.disturb = (name, vmId) => {
      this.obey(name, vmId);
    };
  }

  /** After each test: the host is in use, guests hear again, and there are no VMs. */
  async reset(): Promise<void> {
    this.deaf.clear();
    this.bench.neighbours.disturb = (name, vmId) => {
      this.obey(name, vmId);
    };
    await this.set(false);
    await this.bench.vms.get(PrismaClient).vm.deleteMany();
  }

  /** A guest that was asked to power off has done so when it is looked at next. */
  obey(name: string, vmId: string): void {
    const { neighbours } = this.bench;
    const isAsked = name === 'inspect-vm' && neighbours.vm(vmId).power === 'shutting-down';
    if (isAsked && !this.deaf.has(vmId)) neighbours.powerChange(vmId, 'off', 'shutdown');
  }

  get hostId(): string {
    return this.bench.neighbours.hostId;
  }

  set(maintenance: boolean, more: Record<string, unknown> = {}, by: Actor = this.administrator) {
    const input = { idempotencyKey: randomUUID(), hostId: this.hostId, maintenance, ...more };
    return this.bench.vms.ask(by, SET, { input });
  }

  drain(more: Record<string, unknown> = {}, by: Actor = this.administrator) {
    return this.bench.vms.ask(by, DRAIN, { input: { idempotencyKey: randomUUID(), hostId: this.hostId, ...more } });
  }

  /** @returns the id of its operation */
  async drained(more: Record<string, unknown> = {}): Promise<string> {
    const { data, errors } = await this.drain(more);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return (data?.['drainHost'] as { id: string }).id;
  }

  /** @param said the page, and the mode */
  askPreview(said: Record<string, unknown> = {}, by: Actor = this.administrator) {
    return this.bench.vms.ask(by, PREVIEW, { hostId: this.hostId, ...said });
  }

  async preview(said: Record<string, unknown> = {}): Promise<PreviewView> {
    const { data, errors } = await this.askPreview(said);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data?.['drainPreview'] as PreviewView;
  }

  read(id: string): Promise<BulkView> {
    return this.bulk.read(id, {}, this.administrator);
  }

  ended(id: string): Promise<BulkView> {
    return this.bulk.ended(id, this.administrator);
  }

  /** Which statement waits for which lock is the database's to say. */
  async waitsForLock(table: 'hosts' | 'vms' = 'hosts'): Promise<void> {
    const waits = async (): Promise<boolean> => {
      const [row] = await this.bench.vms.get(PrismaClient).$queryRaw<{ n: number }[]>`
        SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE ${`%FROM ${table} WHERE id%`}`;
      return (row?.n ?? 0) > 0;
    };
    await pollUntil(waits, { what: `somebody who waits for a row of ${table}`, timeoutMs: 30_000 });
  }
}
