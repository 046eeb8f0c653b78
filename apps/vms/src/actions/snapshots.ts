import { DomainError, createSnapshot, deleteSnapshot, revertToSnapshot } from '@infinibay/contracts';
import type { VmSnapshot } from '../generated/prisma/client.js';
import { create } from './create.js';
import type { PerformStep, StepInput } from './step.js';

const onHost = ({ target }: StepInput, { id: snapshotId, volumeIds }: VmSnapshot) => ({
  ...target,
  snapshotId,
  volumeIds,
});

const ofOperation = ({ snapshots, parameters }: StepInput): VmSnapshot => {
  const snapshot = snapshots.find(({ id }) => id === parameters.snapshotId);
  if (snapshot === undefined) throw new DomainError('SNAPSHOT_NOT_FOUND');
  return snapshot;
};

/** A host takes as long for it as there is memory, and answers meanwhile that it is not complete. */
const take: PerformStep = async (input) => {
  const snapshot = ofOperation(input);
  if (snapshot.state === 'READY') return 'done';
  // What was to be kept is gone: it went off, and was started anew.
  if (snapshot.hasMemory && input.vm.state === 'STARTING')
    throw new DomainError('VM_BUSY', { reason: 'the guest went off before the snapshot was taken' });
  const asked = { ...onHost(input, snapshot), withMemory: snapshot.hasMemory };
  const { isComplete, memoryBytes } = await input.requests.call(createSnapshot, asked, input.on);
  if (!isComplete) return 'pending';
  input.preparation.snapshots = { taken: { id: snapshot.id, memoryBytes: memoryBytes ?? 0 } };
  return 'done';
};

/** One that is not attached any more is another guest's, or nobody's: what it holds goes with it. */
const removeOne = async (input: StepInput, snapshot: VmSnapshot): Promise<boolean> => {
  const attached = input.volumes.map(({ id }) => id);
  const volumeIds = snapshot.volumeIds.filter((id) => attached.includes(id));
  return (await input.requests.call(deleteSnapshot, { ...onHost(input, snapshot), volumeIds }, input.on)).isComplete;
};

/** The one that the operation is about; those that shall be gone when it is about none, each by itself. */
const remove: PerformStep = async (input) => {
  const { snapshotId } = input.parameters;
  const due = input.snapshots.filter(({ id, state }) =>
    snapshotId === undefined ? state !== 'READY' : id === snapshotId && state === 'DELETING',
  );
  const removed: string[] = [];
  const failures: DomainError[] = [];
  for (const snapshot of due)
    try {
      if (await removeOne(input, snapshot)) removed.push(snapshot.id);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'STALE_FENCE') throw error;
      failures.push(error);
    }
  const [failure] = failures;
  if (failure !== undefined && removed.length === 0) throw failure;
  input.preparation.snapshots = { removed };
  return removed.length === due.length ? 'done' : 'pending';
};

/** A guest that runs on needs its network and its filter as one that is started does. Its definition is the snapshot's. */
const revert: PerformStep = async (input) => {
  const snapshot = ofOperation(input);
  const { operationId } = input;
  if (operationId === null) throw new DomainError('SNAPSHOT_NOT_FOUND');
  const withMemory = snapshot.hasMemory && input.parameters.disksOnly !== true;
  if (withMemory) {
    await create['attach-network'](input);
    await create.protect(input);
  }
  const asked = { ...onHost(input, snapshot), operationId, withMemory };
  const { isComplete } = await input.requests.call(revertToSnapshot, asked, input.on);
  if (!isComplete) return 'pending';
  input.preparation.snapshots = { reverted: { id: snapshot.id, withMemory } };
  return 'done';
};

export const snapshotSteps = { 'create-snapshot': take, 'delete-snapshot': remove, 'revert-to-snapshot': revert };
