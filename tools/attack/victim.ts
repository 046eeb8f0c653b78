import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { LiveFeed } from '../demo/live-feed.ts';
import { VM_STATE } from '../demo/queries.ts';
import type { DepartmentUnderTest } from '../e2e/department-under-test.ts';
import type { RunningSystem } from '../e2e/running-system.ts';

const QUERY_EVERY_MS = 250;
const LOGIN_EVERY_MS = 5_000;
/** Far beyond any promise: an answer that comes later counts as none. */
const GIVE_UP_MS = 120_000;

const INVENTORY = `query ($departmentId: ID!) {
  me { id }
  department(id: $departmentId) { name networks { id cidr } }
  vms(first: 50) { nodes { id name state ports { address } } }
}`;

/** What a department that is not attacked notices, in milliseconds. */
export interface Noticed {
  readonly query: number[];
  readonly login: number[];
  /** From the request to the VM that runs. */
  readonly createVm: number[];
  /** From the request to its first event at a socket. */
  readonly event: number[];
  /** Requests of the victim that failed, with what they said. */
  readonly failures: string[];
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A department at its daily work: it reads its inventory, makes VMs, and watches them come. */
export class Victim {
  private readonly department: DepartmentUnderTest;
  private readonly system: RunningSystem;

  constructor(department: DepartmentUnderTest, system: RunningSystem) {
    this.department = department;
    this.system = system;
  }

  /** Works for so long from when it has joined its feed; a creation that has begun is brought to its end. */
  async work(seconds: number): Promise<Noticed> {
    const noticed: Noticed = { query: [], login: [], createVm: [], event: [], failures: [] };
    const feed = await LiveFeed.join(this.system.realtimeUrl, this.department.member.accessToken, () => undefined);
    const signal = AbortSignal.timeout(seconds * 1_000);
    try {
      await Promise.all([this.query(signal, noticed), this.login(signal, noticed), this.create(signal, noticed, feed)]);
    } finally {
      feed.leave();
    }
    return noticed;
  }

  private query(signal: AbortSignal, noticed: Noticed): Promise<void> {
    const ask = () => this.department.member.ask(INVENTORY, { departmentId: this.department.id });
    return this.every(QUERY_EVERY_MS, 'query', ask, signal, noticed);
  }

  private login(signal: AbortSignal, noticed: Noticed): Promise<void> {
    const { email, password } = this.department.account;
    // The new session is the one that it goes on with: a long attack outlives the first one's token.
    const ask = () => this.department.member.login(email, password);
    return this.every(LOGIN_EVERY_MS, 'login', ask, signal, noticed);
  }

  private async every(
    pauseMs: number,
    what: 'query' | 'login',
    ask: () => Promise<unknown>,
    signal: AbortSignal,
    noticed: Noticed,
  ): Promise<void> {
    while (!signal.aborted) {
      const since = performance.now();
      try {
        await ask();
        noticed[what].push(performance.now() - since);
      } catch (error) {
        noticed.failures.push(`${what}: ${reasonOf(error)}`);
      }
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async create(signal: AbortSignal, noticed: Noticed, feed: LiveFeed): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.createOne(noticed, feed);
      } catch (error) {
        noticed.failures.push(`createVm: ${reasonOf(error)}`);
        await delay(1_000);
      }
    }
  }

  private async createOne(noticed: Noticed, feed: LiveFeed): Promise<void> {
    const since = performance.now();
    const vmId = await this.department.createVm(`v-${randomUUID().slice(0, 8)}`);
    await feed.until('the event of the creation', () => feed.has('vm.created', vmId), GIVE_UP_MS);
    noticed.event.push(performance.now() - since);
    await feed.until(
      'a running VM',
      () => feed.has('vm.state-changed', vmId, ({ to }) => to === 'RUNNING' || to === 'ERROR'),
      GIVE_UP_MS,
    );
    const { vm } = await this.department.member.ask<{ vm: { state: string } }>(VM_STATE, { id: vmId });
    if (vm.state === 'RUNNING') noticed.createVm.push(performance.now() - since);
    else noticed.failures.push(`createVm: the VM is ${vm.state}`);
    await this.department.deleteVm(vmId);
  }
}
