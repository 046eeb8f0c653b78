import { randomUUID } from 'node:crypto';
import { VOLUME_TARGETS, VmState } from '@infinibay/contracts';
import {
  ACTIONS,
  actionOf,
  isAllowed,
  isRefusedWhileScheduled,
  makesVm,
  stepsOf,
  type AnyAction,
  type OperationKind,
} from '@infinibay/vms-domain';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';

const HOUR_MS = 3_600_000;
/** What an action takes back. */
const IN_A_YEAR = new Date(Date.now() + 8_760 * HOUR_MS);
const SCHEDULED = { purgeAt: IN_A_YEAR, purgeDueAt: IN_A_YEAR, purgeById: randomUUID(), purgeByRole: 'USER' } as const;

/** Every action that is registered, in every state: what the list says is what the service does. */
describe('requests in every state', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());
  const database = () => bench.vms.get(PrismaClient);

  /** A VM that no worker takes up: what the request wrote stays to be looked at. */
  const vmIn = async (state: VmState, { deletion }: AnyAction): Promise<string> => {
    const id = randomUUID();
    await database().vm.create({
      data: {
        id,
        departmentId: bench.departmentId,
        ownerId: bench.actor.userId,
        name: 'stands-still',
        activeName: state === 'DELETED' ? null : `vm-${id.slice(0, 8)}`,
        state,
        imageId: bench.neighbours.imageId,
        hostId: bench.neighbours.hostId,
        // The oldest network of its department, as networks says here.
        networkId: bench.neighbours.hostId,
        vcpus: 1,
        memoryMib: 128,
        diskBytes: 1n,
        ...(deletion === 'taken-back' && state !== 'DELETED' ? SCHEDULED : {}),
        leaseOwner: 'nobody',
        leaseUntil: new Date(Date.now() + HOUR_MS),
      },
    });
    return id;
  };

  /** A volume that the action can be about. */
  const volumeFor = async (kind: string, vmId: string): Promise<string> => {
    const { id: poolId, hostId } = await database().storagePool.findFirstOrThrow();
    const id = randomUUID();
    const taken = await database().volume.count({ where: { attachedVmId: vmId } });
    const place = { attachedVmId: vmId, target: VOLUME_TARGETS[taken] ?? null, attachment: 'ATTACHED' } as const;
    await database().volume.create({
      data: {
        id,
        departmentId: bench.departmentId,
        ownerId: bench.actor.userId,
        name: 'stands still',
        poolId,
        hostId,
        state: 'AVAILABLE',
        capacityBytes: 1n,
        builtBytes: 1n,
        builtAt: new Date(),
        ...(kind === 'DETACH_VOLUME' ? place : {}),
      },
    });
    return id;
  };
  /** A snapshot that the action can be about. */
  const snapshotFor = async (vmId: string): Promise<string> => {
    const id = randomUUID();
    const vm = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
    await database().vmSnapshot.create({
      data: {
        id,
        vmId,
        departmentId: vm.departmentId,
        name: id,
        nameKey: id,
        state: 'READY',
        hasMemory: false,
        memoryBytes: 0n,
        spec: {},
        authorId: vm.ownerId,
      },
    });
    return id;
  };
  /** A port beside the first one, which can go then. */
  const furtherPort = async (vmId: string): Promise<void> => {
    const port = { id: randomUUID(), vmId, networkId: randomUUID(), slot: 1, attachment: 'ATTACHED' } as const;
    await database().vmPort.createMany({ data: [port], skipDuplicates: true });
  };
  const ask = async ({ kind, mutation, ofVolume }: AnyAction, vmId: string) => {
    if (kind === 'REMOVE_VM_PORT') await furtherPort(vmId);
    if (kind === 'CREATE_SNAPSHOT') return bench.say(mutation, { vmId, name: randomUUID() });
    if (kind === 'DELETE_SNAPSHOT' || kind === 'REVERT_TO_SNAPSHOT')
      return bench.say(mutation, { vmId, snapshotId: await snapshotFor(vmId) });
    if (ofVolume !== true) return bench.act(mutation, vmId);
    return bench.move(mutation, vmId, await volumeFor(kind, vmId));
  };

  /** Of a VM that is going to be deleted, or is not any more. */
  const codeAfter = (first: AnyAction, action: (typeof ACTIONS)[number]): string | null => {
    if (first.deletion === 'scheduled' && isRefusedWhileScheduled(action.kind)) return 'DELETION_SCHEDULED';
    return action.deletion === 'taken-back' && first.deletion !== 'scheduled' ? 'DELETION_NOT_SCHEDULED' : null;
  };

  // What makes a VM is an operation of that VM: vm-changes/clones.int-spec.ts has whom it is asked of. What is asked by a
  // mutation of its own has its own specs.
  const asked = ACTIONS.filter(({ kind, hasOwnMutation }) => !makesVm(kind) && hasOwnMutation !== true);
  it.each(asked.map((action) => [action.mutation, action] as const))('%s', async (_mutation, action) => {
    for (const state of VmState.options) {
      const id = await vmIn(state, action);
      const untouched = await database().vm.findUniqueOrThrow({ where: { id } });
      const answer = await ask(action, id);
      const after = await database().vm.findUniqueOrThrow({ where: { id }, include: { operations: true } });
      if (!isAllowed(action.kind, state)) {
        const code = state === 'DELETED' ? 'VM_NOT_FOUND' : 'VM_BUSY';
        expect([state, answer.errors?.map(({ extensions }) => extensions.code)]).toEqual([state, [code]]);
        // The simulated host does not know the VM: its next report makes one that is said to run due.
        expect(after).toMatchObject({ ...untouched, reconcileAt: after.reconcileAt, operations: [] });
        continue;
      }
      expect([state, answer.errors]).toEqual([state, undefined]);
      const kept = { state, desired: untouched.desired };
      // The VM shall run, and has no disk: a retry makes it.
      const does: OperationKind = 'isRetry' in action ? 'CREATE_VM' : action.kind;
      const done = actionOf(does);
      const before = 'before' in done ? done.before : undefined;
      const asTask = before === undefined ? kept : { state: before.shows, desired: before.desired };
      const changed = 'wish' in done ? { state: done.shows ?? state, desired: done.wish.desired } : asTask;
      expect(after).toMatchObject({
        ...changed,
        operations: [{ kind: action.kind, status: 'PENDING', resourceId: id }],
      });
      expect(after.reconcileAt).not.toBeNull();
      const steps = await database().operationStep.findMany({
        where: { operation: { resourceId: id } },
        orderBy: { position: 'asc' },
      });
      expect(steps.map(({ name, status }) => [name, status])).toEqual(stepsOf(does).map((n) => [n, 'PENDING']));
    }
  });

  it.each(asked.map((action) => [action.mutation, action] as const))('%s supersedes as it says', async (_, action) => {
    for (const first of asked) {
      const state = first.allowedIn.find((one) => isAllowed(action.kind, one));
      if (state === undefined) continue;
      const id = await vmIn(state, first);
      await ask(first, id);
      await database().vm.update({ where: { id }, data: { state } });
      const answer = await ask(action, id);
      const isSame = first.kind === action.kind;
      const isKept = first.isExclusive === true && action.destroys !== true;
      const code = codeAfter(first, action);
      const isRefused =
        code !== null || isKept || action.supersedes === 'none' || (action.supersedes === 'others' && isSame);
      const statuses = (
        await database().operation.findMany({ where: { resourceId: id }, orderBy: { createdAt: 'asc' } })
      ).map(({ status }) => status);
      expect([first.mutation, answer.errors?.[0]?.extensions.code]).toEqual([
        first.mutation,
        isRefused ? (code ?? 'VM_BUSY') : undefined,
      ]);
      expect(statuses).toEqual(isRefused ? ['PENDING'] : ['SUPERSEDED', 'PENDING']);
    }
  });
});
