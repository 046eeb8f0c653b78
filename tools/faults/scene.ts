import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { patience } from '@infinibay/testing';

import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { DepartmentUnderTest } from '../e2e/department-under-test.ts';
import { RunningSystem } from '../e2e/running-system.ts';
import { ADMIN_EMAIL } from '../stack/first-administrator.ts';
import { pollUntil } from '../stack/polling.ts';
import { askReadiness } from '../stack/readiness.ts';
import type { StackSecrets } from '../stack/secrets.ts';
import { healthPortOf, SERVICES } from '../stack/services.ts';
import { Look } from './look.ts';
import type { Ending, Expected } from './snapshot.ts';
import { SceneVolumes } from './scene-volumes.ts';

/** To end what hangs; how long something took is told in the table. */
const LIMIT_MS = 180_000;
const PATIENCE_MS = patience(LIMIT_MS);
const MORE_MIB = 256;
const LESS_MIB = 192;

export type VmMutation =
  'startVm' | 'shutdownVm' | 'forceOffVm' | 'rebootVm' | 'resetVm' | 'suspendVm' | 'resumeVm' | 'saveVm' | 'deleteVm';

const SNAPSHOTS = 'query ($id: ID!) { vm(id: $id) { snapshots { id state } operations(first: 1) { finishedAt } } }';
export type SnapshotMutation = 'createVmSnapshot' | 'revertVmToSnapshot' | 'deleteVmSnapshot';

const document = (mutation: VmMutation): string =>
  `mutation ($input: VmActionInput!) { ${mutation}(input: $input) { operation { id } } }`;

/** A real stack whose workers can be held at any step, a department that uses it, and what is promised to it so far. */
export class Scene {
  readonly system: RunningSystem;
  readonly look: Look;
  /** How each VM shall end by what was asked so far. */
  readonly endings = new Map<string, Ending>();
  /** How many snapshots a VM shall have. */
  readonly kept = new Map<string, number>();
  /** MiB of those that were given another size. */
  readonly memoryMib = new Map<string, number>();
  readonly volumes: SceneVolumes;
  /** Everything was as it must be when it was looked at last, and nothing was asked for since. */
  isKnownClean = false;
  private readonly department: DepartmentUnderTest;
  private readonly failpoints: string;

  private constructor(system: RunningSystem, department: DepartmentUnderTest, failpoints: string) {
    this.system = system;
    this.department = department;
    this.failpoints = failpoints;
    this.volumes = new SceneVolumes(department);
    const { postgresPassword } = JSON.parse(readFileSync(system.layout.secretsFile, 'utf8')) as StackSecrets;
    this.look = new Look(system, postgresPassword);
  }

  static async build(environment: Record<string, string> = {}): Promise<Scene> {
    const failpoints = mkdtempSync(path.join(tmpdir(), 'infinibay-failpoints-'));
    // A row must not wait for the pause that crashes of earlier rows have earned.
    const system = await RunningSystem.start({
      FAILPOINT_DIR: failpoints,
      INFINIBAY_STABLE_SECONDS: '1',
      ...environment,
    });
    try {
      const admin = new PatientGraphClient(system.graphqlUrl);
      await admin.login(ADMIN_EMAIL, system.adminPassword);
      return new Scene(system, await DepartmentUnderTest.create(system, admin, 'Faults'), failpoints);
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  get expected(): Expected {
    const { endings, kept, memoryMib } = this;
    return { endings, kept, memoryMib, volumes: this.volumes.wanted };
  }

  async stop(): Promise<void> {
    await this.system.stop();
    rmSync(this.failpoints, { recursive: true, force: true });
  }

  /** Every service says that it is ready, and the session of the department is a fresh one. */
  async isReady(): Promise<void> {
    const { ports } = this.system.state;
    const ready = async (): Promise<true | undefined> => {
      const answers = await Promise.all(SERVICES.map(({ name }) => askReadiness(healthPortOf(name, ports) ?? 0)));
      return answers.every((answer) => answer.ready) ? true : undefined;
    };
    await pollUntil(ready, { timeoutMs: PATIENCE_MS, intervalMs: 100, what: 'every service to be ready' });
    const { email, password } = this.department.account;
    await this.department.member.login(email, password);
  }

  async create(sizes: Record<string, number> = {}): Promise<string> {
    const vmId = await this.department.createVm(`f-${randomUUID().slice(0, 8)}`, sizes);
    this.endings.set(vmId, 'RUNNING');
    return vmId;
  }

  /** Asked as a client does: with one key until there is an answer. */
  async act(mutation: VmMutation, vmId: string, ending: Ending): Promise<void> {
    const input = { idempotencyKey: randomUUID(), vmId };
    await this.department.member.ask(document(mutation), { input });
    this.endings.set(vmId, ending);
    if (ending === 'GONE') this.forget(vmId);
  }

  /** A deletion leaves the volumes that the VM had, attached to nothing. */
  private forget(vmId: string): void {
    this.kept.delete(vmId);
    this.memoryMib.delete(vmId);
    this.volumes.free(vmId);
  }

  /** Gives a running guest less memory, or what it had. */
  async resize(vmId: string): Promise<void> {
    const memoryMib = this.memoryMib.get(vmId) === LESS_MIB ? MORE_MIB : LESS_MIB;
    const query = 'mutation ($input: ResizeVmInput!) { resizeVm(input: $input) { operation { id } } }';
    await this.department.member.ask(query, { input: { idempotencyKey: randomUUID(), vmId, vcpus: 1, memoryMib } });
    this.memoryMib.set(vmId, memoryMib);
  }

  /** One that runs, with memory that it can give back. */
  async resizable(): Promise<string> {
    const known = [...this.memoryMib.keys()].find((vmId) => this.endings.get(vmId) === 'RUNNING');
    const vmId = known ?? (await this.create({ vcpus: 1, memoryMib: MORE_MIB }));
    this.memoryMib.set(vmId, this.memoryMib.get(vmId) ?? MORE_MIB);
    await this.guestReady(vmId);
    return vmId;
  }

  /** Of a VM that is off, which stays so. */
  async clone(vmId: string): Promise<void> {
    const query = 'mutation ($input: CloneVmInput!) { cloneVm(input: $input) { vm { id } } }';
    const input = { idempotencyKey: randomUUID(), vmId, name: `f-${randomUUID().slice(0, 8)}` };
    const { cloneVm } = await this.department.member.ask<{ cloneVm: { vm: { id: string } } }>(query, { input });
    this.endings.set(cloneVm.vm.id, 'STOPPED');
  }

  /** Of a VM that runs: a snapshot is taken, or what is asked is about the one that there is. */
  async actOnSnapshot(mutation: SnapshotMutation, vmId: string): Promise<void> {
    const isNew = mutation === 'createVmSnapshot';
    const said = isNew ? { name: randomUUID() } : { snapshotId: await this.snapshotOf(vmId) };
    const type = isNew ? 'CreateVmSnapshotInput' : 'VmSnapshotInput';
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { operation { id } } }`;
    await this.department.member.ask(query, { input: { idempotencyKey: randomUUID(), vmId, ...said } });
    const change = isNew ? 1 : mutation === 'deleteVmSnapshot' ? -1 : 0;
    this.kept.set(vmId, (this.kept.get(vmId) ?? 0) + change);
  }

  /** One that is ready, taken now if there is none; nothing else is being done to the VM then. */
  async snapshotOf(vmId: string): Promise<string> {
    if ((this.kept.get(vmId) ?? 0) === 0) await this.actOnSnapshot('createVmSnapshot', vmId);
    const probe = async (): Promise<string | undefined> => {
      const { vm } = await this.department.member.ask<{
        vm: { snapshots: { id: string; state: string }[]; operations: { finishedAt: string | null }[] };
      }>(SNAPSHOTS, { id: vmId });
      if (vm.operations[0]?.finishedAt === null) return undefined;
      return vm.snapshots.find(({ state }) => state === 'READY')?.id;
    };
    return pollUntil(probe, { timeoutMs: PATIENCE_MS, intervalMs: 200, what: 'a snapshot' });
  }

  async reaches(vmId: string, ending: Exclude<Ending, 'GONE'>): Promise<void> {
    // It is patient by itself.
    await this.department.reaches(vmId, ending, LIMIT_MS);
  }

  async guestReady(vmId: string): Promise<void> {
    await this.department.guestReady(vmId);
  }

  /** A VM in that state: one that is there already, or a new one. */
  async vmIn(state: Exclude<Ending, 'GONE'>): Promise<string> {
    const known = [...this.endings].find(([, ending]) => ending === state)?.[0];
    if (known !== undefined) return known;
    const vmId = [...this.endings].find(([, ending]) => ending === 'RUNNING')?.[0] ?? (await this.create());
    await this.reaches(vmId, 'RUNNING');
    if (state === 'STOPPED') await this.act('forceOffVm', vmId, 'STOPPED');
    if (state === 'PAUSED') await this.act('suspendVm', vmId, 'PAUSED');
    await this.reaches(vmId, state);
    return vmId;
  }

  /**
   * Keeps the rows from filling the machine: what is left of earlier ones is deleted, but for the newest.
   * @returns whether there was anything
   */
  async tidy(): Promise<boolean> {
    for (const [vmId, ending] of this.endings) if (ending === 'GONE') this.endings.delete(vmId);
    const old = [...this.endings.keys()].slice(0, -1);
    for (const vmId of old) await this.act('deleteVm', vmId, 'GONE');
    const hadVolumes = await this.volumes.tidy();
    return old.length > 0 || hadVolumes;
  }

  /** Holds the next worker that comes to the place, e.g. `before:define`. */
  arm(place: string): void {
    writeFileSync(path.join(this.failpoints, place), '');
  }

  async held(place: string): Promise<void> {
    const file = path.join(this.failpoints, `${place}.held`);
    await pollUntil(() => (existsSync(file) ? true : undefined), {
      timeoutMs: PATIENCE_MS,
      what: `a worker at ${place}`,
    });
  }

  /** Lets it go, and holds nobody any more. */
  release(place: string): void {
    for (const name of [place, `${place}.held`]) rmSync(path.join(this.failpoints, name), { force: true });
  }
}
