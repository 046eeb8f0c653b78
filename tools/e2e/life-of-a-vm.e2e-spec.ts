import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { codeOf, connectTo } from './probes.ts';
import { RunningSystem } from './running-system.ts';

const SEEN = `query ($id: ID!) { vm(id: $id) {
  name description tags autostart memoryMib vcpus state owner { email } ports { mac address }
  pendingRestart { path }
  metrics { uptimeSeconds sampledAt cores memory { totalKib } }
} }`;

interface Seen {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly autostart: boolean;
  readonly memoryMib: number;
  readonly vcpus: number;
  readonly state: string;
  readonly owner: { readonly email: string } | null;
  readonly ports: readonly { readonly mac: string; readonly address: string }[];
  readonly pendingRestart: readonly { readonly path: string }[];
  readonly metrics: {
    readonly uptimeSeconds: number;
    readonly sampledAt: string;
    readonly cores: readonly number[];
    readonly memory: { readonly totalKib: number };
  } | null;
}

const MIB = 1_024;
const key = (): string => randomUUID();

/** What people do to one VM, each seen from outside: by virsh, in the network, or in what the guest says of itself. */
describe('the life of a VM', () => {
  let system: RunningSystem;
  let admin: GraphClient;
  let research: DepartmentUnderTest;
  let vmId: string;
  let cloneId: string;

  beforeAll(async () => {
    system = await RunningSystem.start();
    admin = new PatientGraphClient(system.graphqlUrl);
    await admin.login('admin@infinibay.local', system.adminPassword);
    research = await DepartmentUnderTest.create(system, admin, 'Research');
    vmId = await research.createVm('one', { memoryMib: 192, vcpus: 1, maxVcpus: 2, maxMemoryMib: 384 });
    await research.reaches(vmId, 'RUNNING');
    await research.guestReady(vmId);
  });
  afterAll(async () => {
    expect(await system.stop()).toBe(0);
  });

  const seen = async (id = vmId): Promise<Seen> => (await research.member.ask<{ vm: Seen }>(SEEN, { id })).vm;
  /** Until the guest itself says so. */
  const guestSays = (what: string, holds: (metrics: NonNullable<Seen['metrics']>) => boolean): Promise<unknown> =>
    pollUntil(
      async () => {
        const { metrics } = await seen();
        return metrics !== null && holds(metrics);
      },
      { timeoutMs: 120_000, intervalMs: 500, what: `the guest with ${what}` },
    );
  const say = async (mutation: string, type: string, said: object): Promise<string> =>
    codeOf(
      research.member.ask(`mutation ($input: ${type}!) { ${mutation}(input: $input) { id } }`, {
        input: { idempotencyKey: key(), vmId, ...said },
      }),
    );
  const names = async (filter: object): Promise<string[]> => {
    const query = 'query ($filter: VmFilter) { vms(filter: $filter) { nodes { name } } }';
    const { vms } = await research.member.ask<{ vms: { nodes: { name: string }[] } }>(query, { filter });
    return vms.nodes.map(({ name }) => name).sort();
  };
  const ofOperation = async (id: string) => {
    const query = 'query ($id: ID!) { operation(id: $id) { status finishedAt results { nodes { vmId status } } } }';
    return pollUntil(
      async () => {
        const { operation } = await research.member.ask<{
          operation: { status: string; finishedAt: string | null; results: { nodes: { status: string }[] } };
        }>(query, { id });
        return operation.finishedAt === null ? undefined : operation;
      },
      { timeoutMs: 120_000, intervalMs: 300, what: 'the end of the operation' },
    );
  };

  it('is called, described, tagged and found as people say, and kept from being deleted', async () => {
    expect(await say('renameVm', 'RenameVmInput', { name: 'front-desk' })).toBe('no error');
    expect(await say('describeVm', 'DescribeVmInput', { description: 'By the door' })).toBe('no error');
    expect(await say('tagVm', 'VmTagsInput', { tags: ['Env:Prod', 'web'] })).toBe('no error');
    expect(await say('untagVm', 'VmTagsInput', { tags: ['web'] })).toBe('no error');
    expect(await seen()).toMatchObject({ name: 'front-desk', description: 'By the door', tags: ['env:prod'] });
    expect([await names({ tagsAllOf: ['env:prod'] }), await names({ text: 'DOOR' })]).toEqual([
      ['front-desk'],
      ['front-desk'],
    ]);
    expect(await names({ tagsAllOf: ['web'] })).toEqual([]);
    const protection = { deletionProtected: true };
    expect(await say('setVmDeletionProtection', 'SetVmDeletionProtectionInput', protection)).toBe('no error');
    expect(await codeOf(research.deleteVm(vmId))).toBe('DELETION_PROTECTED');
    const none = { deletionProtected: false };
    expect(await say('setVmDeletionProtection', 'SetVmDeletionProtectionInput', none)).toBe('no error');
    expect((await system.virsh('domstate', vmId)).trim()).toBe('running');
  });

  it('goes on where it was after its memory was saved and it was off', async () => {
    await guestSays('some uptime', ({ uptimeSeconds }) => uptimeSeconds > 5);
    const saved = Date.now();
    expect(await research.ended(vmId, 'saveVm')).toMatchObject({ state: 'STOPPED' });
    expect(await system.virsh('domstate', vmId)).toContain('shut off');
    expect(await system.virsh('dominfo', vmId)).toMatch(/Managed save: +yes/);
    await research.ended(vmId, 'startVm');
    await research.reaches(vmId, 'RUNNING');
    // It counts on from where it stood still: it has been up for longer than it has been on again.
    const goneOn = ({ sampledAt, uptimeSeconds }: NonNullable<Seen['metrics']>): boolean => {
      const at = Date.parse(sampledAt);
      return at > saved && at - uptimeSeconds * 1_000 < saved;
    };
    await guestSays('its uptime of before', goneOn);
    expect(await system.virsh('dominfo', vmId)).toMatch(/Managed save: +no/);
  });

  it('has more processors and memory while it runs, as its guest sees, and gives memory back', async () => {
    await guestSays('one processor', ({ cores }) => cores.length === 1);
    const small = (await seen()).metrics?.memory.totalKib ?? 0;
    await research.ended(vmId, 'resizeVm', 'ResizeVmInput', { vcpus: 2, memoryMib: 320 });
    await guestSays('two processors', ({ cores }) => cores.length === 2);
    // What the firmware and the kernel keep for themselves is the same before and after.
    await guestSays('128 MiB more', ({ memory }) => Math.abs(memory.totalKib - small - 128 * MIB) < 2 * MIB);
    await research.ended(vmId, 'resizeVm', 'ResizeVmInput', { vcpus: 2, memoryMib: 192 });
    await guestSays('what it had', ({ memory }) => Math.abs(memory.totalKib - small) < 2 * MIB);
    // Its balloon was asked, and takes its time.
    const isDone = async (): Promise<boolean> => (await seen()).pendingRestart.length === 0;
    await pollUntil(isDone, { timeoutMs: 60_000, what: 'nothing that waits for a restart' });
    expect(await system.virsh('vcpucount', '--live', '--active', vmId)).toMatch(/^2\s*$/);
  });

  it('is started when its host boots, where that is said', async () => {
    await research.ended(vmId, 'setVmAutostart', 'SetVmAutostartInput', { autostart: true });
    expect((await seen()).autostart).toBe(true);
    await research.ended(vmId, 'setVmAutostart', 'SetVmAutostartInput', { autostart: false });
  });

  it('is made again what it was, and shows what is different', async () => {
    const query = 'query ($id: ID!) { vm(id: $id) { revisions(first: 20) { nodes { number operation } } } }';
    const { vm } = await research.member.ask<{ vm: { revisions: { nodes: { number: number }[] } } }>(query, {
      id: vmId,
    });
    const numbers = vm.revisions.nodes.map(({ number }) => number);
    expect(numbers[0]).toBe(numbers.length);
    await research.ended(vmId, 'restoreVmRevision', 'RestoreVmRevisionInput', { revision: 1 });
    expect(await seen()).toMatchObject({ vcpus: 1, memoryMib: 192 });
  });

  it('is cloned when it is off, and both run, each at an address of its own', async () => {
    await research.ended(vmId, 'forceOffVm');
    const query = 'mutation ($input: CloneVmInput!) { cloneVm(input: $input, start: true) { vm { id } } }';
    const input = { idempotencyKey: key(), vmId, name: 'two' };
    cloneId = (await research.member.ask<{ cloneVm: { vm: { id: string } } }>(query, { input })).cloneVm.vm.id;
    await research.reaches(cloneId, 'RUNNING', 120_000);
    await research.ended(vmId, 'startVm');
    for (const id of [vmId, cloneId]) await research.guestReady(id);
    const addresses = [...(await seen(vmId)).ports, ...(await seen(cloneId)).ports].map(({ address }) => address);
    expect(new Set(addresses).size).toBe(2);
    for (const address of addresses)
      await pollUntil(async () => (await connectTo(system, address, 22)) === 'accepted', {
        timeoutMs: 60_000,
        what: `an answer of ${address}`,
      });
  });

  it('is asked for with others at once, with a result each', async () => {
    const query = 'mutation ($input: BulkVmsInput!) { bulkVms(input: $input) { id } }';
    const stranger = randomUUID();
    const input = { idempotencyKey: key(), action: 'FORCE_OFF_VM', vmIds: [vmId, cloneId, stranger] };
    const { bulkVms } = await research.member.ask<{ bulkVms: { id: string } }>(query, { input });
    const { status, results } = await ofOperation(bulkVms.id);
    expect([status, results.nodes.map((node) => node.status).sort()]).toEqual([
      'FAILED',
      ['REFUSED', 'SUCCEEDED', 'SUCCEEDED'],
    ]);
    for (const id of [vmId, cloneId]) expect(await system.virsh('domstate', id)).toContain('shut off');
    const many = { ...input, idempotencyKey: key(), vmIds: Array.from({ length: 1_001 }, () => randomUUID()) };
    expect(await codeOf(research.member.ask(query, { input: many }))).toBe('TOO_MANY_VMS');
  });

  it('is deleted later, or not', async () => {
    await research.ended(cloneId, 'softDeleteVm');
    expect(await names({ deletionScheduled: true })).toEqual(['two']);
    expect(await codeOf(research.ended(cloneId, 'startVm'))).toBe('DELETION_SCHEDULED');
    await research.ended(cloneId, 'undeleteVm');
    expect(await names({ deletionScheduled: true })).toEqual([]);
    await research.ended(cloneId, 'startVm');
    await research.guestReady(cloneId);
  });

  it('is not made beyond what its department may have', async () => {
    const query =
      'mutation ($input: SetDepartmentQuotaInput!) { setDepartmentQuota(input: $input) { department { id } } }';
    const input = { idempotencyKey: key(), departmentId: research.id, vms: 2 };
    expect(await codeOf(research.member.ask(query, { input }))).toBe('FORBIDDEN');
    await admin.ask(query, { input });
    expect(await codeOf(research.createVm('three'))).toBe('QUOTA_EXCEEDED');
    await research.deleteVm(cloneId);
    await research.deleteVm(vmId);
    expect((await system.virsh('list', '--all', '--uuid')).trim()).toBe('');
    expect(system.disks()).toEqual([]);
  });
});
