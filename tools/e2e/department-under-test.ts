import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { GraphClient } from '../demo/graph-client.ts';
import {
  CREATE_DEPARTMENT,
  CREATE_NETWORK,
  CREATE_RULE,
  CREATE_VM,
  DELETE_VM,
  IMAGES,
  VM_STATE,
} from '../demo/queries.ts';
import { codeOf } from './probes.ts';
import type { RunningSystem } from './running-system.ts';

const CREATE_USER = `mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }`;
const key = (): string => randomUUID();

const ENDED = `query ($id: ID!) { vm(id: $id) {
  state operations(first: 1) { status errorCode finishedAt } snapshots { id name hasMemory volumeIds }
} }`;

export interface SnapshotsPicture {
  readonly state: string;
  readonly operations: readonly { readonly status: string; readonly finishedAt: string | null }[];
  readonly snapshots: readonly {
    readonly id: string;
    readonly name: string;
    readonly hasMemory: boolean;
    readonly volumeIds: readonly string[];
  }[];
}

const LEFT = `query ($id: ID!) {
  vms(filter: { departmentIds: [$id] }) { nodes { id } }
  volumes(departmentId: $id) { nodes { id } }
}`;

interface Nodes {
  readonly nodes: readonly { readonly id: string }[];
}

interface VolumePicture {
  readonly state: string;
  readonly attachment: string | null;
  readonly capacityGib: number;
}

/** A department with a network, the rule "TCP 22 in", and a member of its own, all made through the gateway. */
export class DepartmentUnderTest {
  readonly id: string;
  readonly member: GraphClient;
  /** What the member logs in with. */
  readonly account: { readonly email: string; readonly password: string };

  private constructor(id: string, member: GraphClient, account: DepartmentUnderTest['account']) {
    this.id = id;
    this.member = member;
    this.account = account;
  }

  static async create(system: RunningSystem, admin: GraphClient, name: string): Promise<DepartmentUnderTest> {
    const { createDepartment } = await admin.ask<{ createDepartment: { id: string } }>(CREATE_DEPARTMENT, {
      input: { idempotencyKey: key(), name },
    });
    const departmentId = createDepartment.id;
    const email = `${name.toLowerCase()}@example.org`;
    const password = randomUUID();
    await admin.ask(CREATE_USER, {
      input: { idempotencyKey: key(), email, name, password, departmentIds: [departmentId] },
    });
    const member = new GraphClient(system.graphqlUrl);
    await member.login(email, password);
    await member.ask(CREATE_NETWORK, { input: { idempotencyKey: key(), departmentId, name: 'default' } });
    const rule = { direction: 'IN', action: 'ACCEPT', protocol: 'TCP', portFrom: 22, portTo: 22 };
    await member.ask(CREATE_RULE, { input: { idempotencyKey: key(), departmentId, ...rule } });
    return new DepartmentUnderTest(departmentId, member, { email, password });
  }

  async createVm(name: string, overrides: Record<string, unknown> = {}): Promise<string> {
    // Known from the first heartbeat of a host that has checked it.
    const imageId = await pollUntil(
      async () => (await this.member.ask<{ images: { id: string }[] }>(IMAGES)).images[0]?.id,
      { what: 'an image' },
    );
    const input = { idempotencyKey: key(), departmentId: this.id, name, imageId, ...overrides };
    return (await this.member.ask<{ createVm: { vm: { id: string } } }>(CREATE_VM, { input })).createVm.vm.id;
  }

  async deleteVm(vmId: string): Promise<void> {
    await this.member.ask(DELETE_VM, { input: { idempotencyKey: key(), vmId } });
    const isGone = async () => (await codeOf(this.member.ask(VM_STATE, { id: vmId }))) === 'VM_NOT_FOUND';
    await pollUntil(isGone, { timeoutMs: 60_000, what: 'the deletion' });
  }

  /** What a test that failed has left is gone before the next: every VM but these, and every volume. */
  async tidy(keep: readonly string[]): Promise<void> {
    const { vms, volumes } = await this.member.ask<{ vms: Nodes; volumes: Nodes }>(LEFT, { id: this.id });
    // A volume that is attached is given free by the end of its VM.
    for (const { id } of vms.nodes) if (!keep.includes(id)) await this.deleteVm(id);
    for (const { id } of volumes.nodes) await this.deleteVolume(id);
  }

  async reaches(vmId: string, state: string, timeoutMs = 60_000): Promise<void> {
    await pollUntil(
      async () => {
        const { vm } = await this.member.ask<{ vm: { state: string; error: unknown } }>(VM_STATE, { id: vmId });
        if (vm.state === 'ERROR' && state !== 'ERROR') throw new Error(`the VM failed: ${JSON.stringify(vm.error)}`);
        return vm.state === state;
      },
      { timeoutMs, intervalMs: 200, what: `VM ${state}` },
    );
  }

  /** A volume of one GiB on the host of a VM. @returns its id */
  async createVolume(name: string, vmId: string): Promise<string> {
    const input = { idempotencyKey: key(), departmentId: this.id, name, capacityGib: 1, vmId };
    // The pool is known from the first report of its host.
    const { createVolume } = await this.member.ask<{ createVolume: { volume: { id: string } } }>(
      'mutation ($input: CreateVolumeInput!) { createVolume(input: $input) { volume { id } } }',
      { input },
    );
    await this.volumeUntil(createVolume.volume.id, ({ state }) => state === 'AVAILABLE');
    return createVolume.volume.id;
  }

  async moveVolume(
    mutation: 'attachVolume' | 'detachVolume',
    vmId: string,
    volumeId: string,
    until: string | null,
  ): Promise<void> {
    const query = `mutation ($input: VmVolumeInput!) { ${mutation}(input: $input) { operation { id } } }`;
    await this.member.ask(query, { input: { idempotencyKey: key(), vmId, volumeId } });
    await this.volumeUntil(volumeId, ({ attachment }) => attachment === until);
    const OPEN = 'query ($id: ID!) { vm(id: $id) { operations(first: 1) { finishedAt } } }';
    await pollUntil(
      async () => {
        const { vm } = await this.member.ask<{ vm: { operations: { finishedAt: string | null }[] } }>(OPEN, {
          id: vmId,
        });
        return vm.operations[0]?.finishedAt;
      },
      { timeoutMs: 60_000, what: 'the end of the operation' },
    );
  }

  /** An action on a VM, and what the VM is when that has ended well. */
  async ended(vmId: string, mutation: string, type = 'VmActionInput', said: object = {}): Promise<SnapshotsPicture> {
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { operation { id } } }`;
    await this.member.ask(query, { input: { idempotencyKey: key(), vmId, ...said } });
    const picture = async () => (await this.member.ask<{ vm: SnapshotsPicture }>(ENDED, { id: vmId })).vm;
    const isOver = async () => (await picture()).operations[0]?.finishedAt !== null;
    await pollUntil(isOver, { timeoutMs: 120_000, intervalMs: 200, what: `the end of ${mutation}` });
    // The answer that told of the end read the VM before its operations: it may show what the VM was until then.
    const vm = await picture();
    if (vm.operations[0]?.status !== 'SUCCEEDED') throw new Error(`${mutation}: ${JSON.stringify(vm.operations[0])}`);
    return vm;
  }

  snapshot(
    mutation: 'createVmSnapshot' | 'revertVmToSnapshot' | 'deleteVmSnapshot',
    vmId: string,
    said: { readonly name?: string; readonly snapshotId?: string | undefined },
  ): Promise<SnapshotsPicture> {
    const type = mutation === 'createVmSnapshot' ? 'CreateVmSnapshotInput' : 'VmSnapshotInput';
    return this.ended(vmId, mutation, type, said);
  }

  async resizeVolume(volumeId: string, capacityGib: number): Promise<void> {
    const query = 'mutation ($input: ResizeVolumeInput!) { resizeVolume(input: $input) { operation { id } } }';
    await this.member.ask(query, { input: { idempotencyKey: key(), volumeId, capacityGib } });
    await this.volumeUntil(volumeId, ({ state }) => state === 'AVAILABLE');
  }

  async deleteVolume(volumeId: string): Promise<void> {
    const query = 'mutation ($input: VolumeActionInput!) { deleteVolume(input: $input) { operation { id } } }';
    await this.member.ask(query, { input: { idempotencyKey: key(), volumeId } });
    const isGone = async () => (await codeOf(this.volume(volumeId))) === 'VOLUME_NOT_FOUND';
    await pollUntil(isGone, { timeoutMs: 60_000, what: 'the end of the volume' });
  }

  async volume(id: string): Promise<VolumePicture> {
    const query = 'query ($id: ID!) { volume(id: $id) { state attachment capacityGib } }';
    return (await this.member.ask<{ volume: VolumePicture }>(query, { id })).volume;
  }

  volumeUntil(id: string, holds: (volume: VolumePicture) => boolean): Promise<unknown> {
    const probe = async () => holds(await this.volume(id));
    return pollUntil(probe, { timeoutMs: 120_000, intervalMs: 200, what: 'the volume' });
  }

  async guestReady(vmId: string): Promise<void> {
    await pollUntil(
      async () => (await this.member.ask<{ vm: { guestReady: boolean } }>(VM_STATE, { id: vmId })).vm.guestReady,
      {
        timeoutMs: 120_000,
        intervalMs: 300,
        what: 'the guest agent',
      },
    );
  }
}
