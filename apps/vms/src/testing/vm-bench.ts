import { randomUUID } from 'node:crypto';
import { DEFAULT_POOL, type Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { PrismaClient } from '../database.js';
import { Neighbours } from './neighbours.js';
import { PORT } from './simulated-links.js';
import { FURTHER_NETWORK } from './simulated-ports.js';
import { VmsUnderTest, createTestDatabase, memberOf, testNats, type TestDatabase } from './vms-under-test.js';

const RESULT = `{ vm { id state } operation { id status } }`;
const CREATE = `mutation ($input: CreateVmInput!) { createVm(input: $input) ${RESULT} }`;
/** Actions that need more said than which VM is meant: their inputs, and what specs say unless they say otherwise. */
export const SAID: Readonly<Record<string, { readonly type: string; readonly more: Record<string, unknown> }>> = {
  resizeVm: { type: 'ResizeVmInput', more: { vcpus: 1, memoryMib: 128 } },
  restoreVmRevision: { type: 'RestoreVmRevisionInput', more: { revision: 1 } },
  setVmAutostart: { type: 'SetVmAutostartInput', more: { autostart: true } },
  setVmHardware: { type: 'SetVmHardwareInput', more: { hardware: { bootOrder: ['NETWORK', 'DISK'] } } },
  setVmCdrom: { type: 'SetVmCdromInput', more: { imageId: null } },
  setVmPortLink: { type: 'SetVmPortLinkInput', more: { portId: PORT.portId, linkState: 'DOWN' } },
  addVmPort: { type: 'AddVmPortInput', more: { networkId: FURTHER_NETWORK } },
  removeVmPort: { type: 'RemoveVmPortInput', more: { portId: PORT.portId } },
  changeVmPortNetwork: {
    type: 'ChangeVmPortNetworkInput',
    more: { portId: PORT.portId, networkId: FURTHER_NETWORK },
  },
  createVmSnapshot: { type: 'CreateVmSnapshotInput', more: { name: 'a snapshot' } },
  revertVmToSnapshot: { type: 'VmSnapshotInput', more: {} },
  deleteVmSnapshot: { type: 'VmSnapshotInput', more: {} },
  cloneVm: { type: 'CloneVmInput', more: {} },
};
const ACT = (name: string) =>
  `mutation ($input: ${SAID[name]?.type ?? 'VmActionInput'}!) { ${name}(input: $input) ${RESULT} }`;
const VM = `query ($id: ID!) { vm(id: $id) { id state pauseReason error { code message } operations { kind status errorCode } } }`;

const VOLUME = `query ($id: ID!) { volume(id: $id) { id state capacityGib allocationGib serial attachment target error { code } vm { id } pool { id name capacityGib } } }`;

const SNAPSHOTS = `query ($id: ID!) { vm(id: $id) { snapshots { id name description state hasMemory memoryGib parentId isCurrent volumeIds takenAt } } }`;

/** How often specs look at a VM, and have its host report meanwhile. */
const LOOK_MS = 50;
const REPORT_MS = 250;

export interface SnapshotView {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly state: string;
  readonly hasMemory: boolean;
  readonly memoryGib: number;
  readonly parentId: string | null;
  readonly isCurrent: boolean;
  readonly volumeIds: readonly string[];
  readonly takenAt: string | null;
}

export interface VolumeView {
  readonly id: string;
  readonly state: string;
  readonly capacityGib: number;
  readonly allocationGib: number;
  readonly serial: string;
  readonly attachment: string | null;
  readonly target: string | null;
  readonly error: { readonly code: string } | null;
  readonly vm: { readonly id: string } | null;
  readonly pool: { readonly id: string; readonly name: string; readonly capacityGib: number | null } | null;
}

export interface VmView {
  readonly id: string;
  readonly state: string;
  readonly pauseReason: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly operations: readonly { readonly kind: string; readonly status: string; readonly errorCode: string | null }[];
}

/** The service with the services around it, and a member of one department who uses it. */
export class VmBench {
  readonly actor;

  private constructor(
    readonly database: TestDatabase,
    public vms: VmsUnderTest,
    readonly departmentId: string,
    public neighbours: Neighbours,
  ) {
    this.actor = memberOf(departmentId);
  }

  /** @param nats another server than the one that tests share */
  static async start(environment: Record<string, string> = {}, nats = testNats()): Promise<VmBench> {
    const database = await createTestDatabase('vms');
    const neighbours = await Neighbours.start(nats);
    const departmentId = randomUUID();
    neighbours.departments.add(departmentId);
    const vms = await VmsUnderTest.start(database, {
      NATS_URL: nats.url,
      NATS_USER: nats.user,
      NATS_PASSWORD: nats.password,
      ...environment,
    });
    await pollUntil(
      async () => {
        neighbours.heartbeat();
        const database = vms.get(PrismaClient);
        const hosts = await database.host.findMany({ select: { hardware: true, tuning: true, uploadUrl: true } });
        const isTold = hosts.some((host) => host.hardware !== null && host.tuning !== null && host.uploadUrl !== null);
        return isTold && (await database.image.count()) > 0 && (await database.storagePool.count()) > 0;
      },
      { timeoutMs: 60_000, what: 'all that the host tells' },
    );
    return new VmBench(database, vms, departmentId, neighbours);
  }

  async stop(): Promise<void> {
    await this.vms.stop();
    await this.neighbours.stop();
    await this.database.drop();
  }

  input(overrides: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      idempotencyKey: randomUUID(),
      departmentId: this.departmentId,
      name: `vm-${randomUUID().slice(0, 8)}`,
      imageId: this.neighbours.imageId,
      ...overrides,
    };
  }

  create(input: Record<string, unknown>, actor = this.actor) {
    return this.patiently(CREATE, input, actor);
  }

  async created(overrides: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.create(this.input(overrides));
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    return (answer.data?.['createVm'] as { vm: { id: string } }).vm.id;
  }

  async running(overrides: Record<string, unknown> = {}): Promise<string> {
    const id = await this.created(overrides);
    await this.reaches(id, 'RUNNING');
    return id;
  }

  /** A VM that is off, and shall be, and shows an error. @returns its id */
  async inError(errorCode = 'HOST_UNAVAILABLE'): Promise<string> {
    const id = await this.running();
    await this.act('forceOffVm', id);
    await this.reaches(id, 'STOPPED');
    await this.vms.get(PrismaClient).vm.update({ where: { id }, data: { state: 'ERROR', errorCode } });
    return id;
  }

  /** A volume that is ready for use. @returns its id */
  async volume(overrides: Record<string, unknown> = {}): Promise<string> {
    const name = `volume ${randomUUID()}`;
    const input = { idempotencyKey: randomUUID(), departmentId: this.departmentId, name, capacityGib: 1, ...overrides };
    const answer = await this.ofVolume('createVolume', input);
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    const { id } = (answer.data?.['createVolume'] as { volume: { id: string } }).volume;
    await this.volumeUntil(id, 'the volume', ({ state }) => state === 'AVAILABLE');
    return id;
  }

  /** A pool of the host, which has it from then on, once it is heard of. @returns its id */
  async pool(name = 'fast'): Promise<string> {
    const { hostId, volumes } = this.neighbours;
    if (name !== DEFAULT_POOL) volumes.furtherPools.add(name);
    const pools = this.vms.get(PrismaClient).storagePool;
    const find = () => pools.findUnique({ where: { hostId_name: { hostId, name } } });
    const before = (await find())?.observedAt ?? null;
    const heardOf = async () => {
      const pool = await find();
      return pool !== null && (before === null || pool.observedAt > before) ? pool : null;
    };
    return (await pollUntil(heardOf, { what: `the pool ${name}`, timeoutMs: 60_000 })).id;
  }

  /** A mutation on a volume. */
  ofVolume(name: string, input: Record<string, unknown>, actor = this.actor) {
    const own = ['createVolume', 'resizeVolume', 'moveVolume', 'cloneVolume'];
    const type = own.includes(name) ? `${name.charAt(0).toUpperCase()}${name.slice(1)}Input` : 'VolumeActionInput';
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { volume { id state } operation { id kind status } } }`;
    return this.vms.ask(actor, query, { input: { idempotencyKey: randomUUID(), ...input } });
  }

  /** attachVolume or detachVolume. */
  move(name: string, vmId: string, volumeId: string, options = '') {
    const query = `mutation ($input: VmVolumeInput!) { ${name}(input: $input${options}) ${RESULT} }`;
    return this.vms.ask(this.actor, query, { input: { idempotencyKey: randomUUID(), vmId, volumeId } });
  }

  /** Attaches it, and waits until that has come about. */
  async attach(vmId: string, volumeId: string): Promise<void> {
    const answer = await this.move('attachVolume', vmId, volumeId);
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    await this.volumeUntil(volumeId, 'the attachment', ({ attachment }) => attachment === 'ATTACHED');
    await this.until(vmId, 'the end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
  }

  /** A snapshot that is complete. @returns its id */
  async snapshot(vmId: string, said: Record<string, unknown> = {}): Promise<string> {
    const name = `snapshot ${randomUUID()}`;
    const answer = await this.say('createVmSnapshot', { vmId, name, ...said });
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    await this.until(vmId, 'the snapshot', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    return (await this.snapshots(vmId)).find((one) => one.name === (said['name'] ?? name))?.id ?? '';
  }

  async snapshots(vmId: string, actor = this.actor): Promise<readonly SnapshotView[]> {
    const { data } = await this.vms.ask(actor, SNAPSHOTS, { id: vmId });
    return (data?.['vm'] as { snapshots: SnapshotView[] } | null)?.snapshots ?? [];
  }

  async volumeView(id: string): Promise<VolumeView | undefined> {
    return (await this.vms.ask(this.actor, VOLUME, { id })).data?.['volume'] as VolumeView | undefined;
  }

  volumeUntil(id: string, what: string, holds: (volume: VolumeView) => boolean): Promise<VolumeView> {
    const report = this.reporting();
    return pollUntil(
      async () => {
        report();
        const volume = await this.volumeView(id);
        return volume !== undefined && holds(volume) ? volume : null;
      },
      { what, timeoutMs: 60_000, intervalMs: LOOK_MS },
    );
  }

  act(name: string, vmId: string, idempotencyKey: string = randomUUID()) {
    return this.say(name, { idempotencyKey, vmId });
  }

  /** With more in its input than which VM is meant. */
  say(name: string, input: Record<string, unknown>, actor = this.actor) {
    const said = { idempotencyKey: randomUUID(), ...SAID[name]?.more, ...input };
    return this.patiently(ACT(name), said, actor);
  }

  /** A machine that is busy has no connection in time for so many at once; the key makes asking again harmless. */
  private patiently(query: string, input: Record<string, unknown>, actor: Actor) {
    return pollUntil(
      async () => {
        const answer = await this.vms.ask(actor, query, { input });
        return answer.errors?.[0]?.extensions.code === 'SERVICE_UNAVAILABLE' ? null : answer;
      },
      { timeoutMs: 120_000, intervalMs: 250, what: 'an answer' },
    );
  }

  /** The same with arguments beside the input, as GraphQL writes them: `force: true`. */
  actWith(
    name: string,
    vmId: string,
    options: string,
    idempotencyKey: string = randomUUID(),
    more: Record<string, unknown> = {},
  ) {
    const { type = 'VmActionInput' } = SAID[name] ?? {};
    const query = `mutation ($input: ${type}!) { ${name}(input: $input, ${options}) ${RESULT} }`;
    return this.patiently(query, { idempotencyKey, vmId, ...more }, this.actor);
  }

  /** Kinds of the events about a VM that were put into the outbox, in order. */
  async told(id: string): Promise<string[]> {
    const rows = await this.vms.get(PrismaClient).outboxEvent.findMany({ orderBy: { id: 'asc' } });
    return rows.filter(({ subject }) => subject.includes(id)).map(({ subject }) => subject.split('.').at(-1) ?? '');
  }

  async view(id: string): Promise<VmView | undefined> {
    return (await this.vms.ask(this.actor, VM, { id })).data?.['vm'] as VmView | undefined;
  }

  /** Hosts go on reporting meanwhile. */
  reaches(id: string, state: string, reports = true): Promise<VmView> {
    return this.until(id, `VM ${state}`, (vm) => vm.state === state, reports);
  }

  /** The VM and its operations are read one after the other: what is given is all of the time after it held. */
  until(id: string, what: string, holds: (vm: VmView) => boolean, reports = true): Promise<VmView> {
    const report = this.reporting();
    return pollUntil(
      async () => {
        if (reports) report();
        const vm = await this.view(id);
        if (vm === undefined || !holds(vm)) return null;
        const after = await this.view(id);
        return after !== undefined && holds(after) ? after : vm;
      },
      { what, timeoutMs: 60_000, intervalMs: LOOK_MS },
    );
  }

  /** Nobody works on the VM until it is let go: what a late report had somebody begin comes to nothing. */
  async hold(id: string): Promise<void> {
    const data = { leaseOwner: 'nobody', leaseUntil: new Date(4e12), fence: { increment: 1 } };
    await this.vms.get(PrismaClient).vm.update({ where: { id }, data });
  }

  async letGo(id: string): Promise<void> {
    await this.vms.get(PrismaClient).vm.update({ where: { id }, data: { leaseOwner: null, leaseUntil: null } });
  }

  async held<T>(id: string, work: () => Promise<T>): Promise<T> {
    await this.hold(id);
    const answer = await work();
    await this.letGo(id);
    return answer;
  }

  /** The service writes its host's row for each report: of more than it gets done it is told late. */
  private reporting(): () => void {
    let reportedAt = -Infinity;
    return () => {
      if (performance.now() - reportedAt < REPORT_MS) return;
      reportedAt = performance.now();
      this.report();
    };
  }

  report(): void {
    this.neighbours.heartbeat();
    this.neighbours.disksChecked();
    this.neighbours.sizesMeasured();
  }

  isGone(id: string): Promise<unknown> {
    const isGone = async (): Promise<boolean> => {
      const { errors } = await this.vms.ask(this.actor, VM, { id });
      return errors?.[0]?.extensions.code === 'VM_NOT_FOUND';
    };
    return pollUntil(isGone, { what: 'deletion', timeoutMs: 60_000 });
  }
}
