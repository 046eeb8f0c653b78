import {
  DomainError,
  abortMigration,
  endMigration,
  findNics,
  finishMigration,
  inspectMigration,
  inspectMigrationWithVolumes,
  inspectVm,
  isRetryable,
  migrateVm,
  migrateVmWithVolumes,
  prepareMigration,
  prepareMigrationWithVolumes,
  prepareVmFilter,
  prepareVmNetwork,
  releaseVmFilter,
  type Departure,
  type RequestOf,
  type SourceWithVolumes,
  type TargetWithVolumes,
} from '@infinibay/contracts';
import { hasLeft, isDiskProblem, keepsFirmwareState, wishedNetworks } from '@infinibay/vms-domain';
import type { VmMigration } from '../migrations/migration.repository.js';
import { definedHardwareOf, hardwareOf, hasVariables } from '../vms/vm-hardware.js';
import { unlessTooOld, type AboutVm } from './agent-age.js';
import { seedOfVm } from './cloud-init.js';
import { create } from './create.js';
import type { PerformStep, StepInput, StepOutcome } from './step.js';

/** The step before is done: of what all steps of the operation are. */
const STEP_BEFORE_PERCENT = 100;

const migrationOf = ({ migration }: StepInput): VmMigration => {
  if (migration === null) throw new DomainError('INTERNAL', { reason: 'planned for a VM that is not on its way' });
  return migration;
};

const onHost = ({ target }: StepInput, { operationId: migrationId }: VmMigration) => ({ ...target, migrationId });

/** Of a host that the VM does not belong to: what is wrong with a disk there says nothing of the VM. */
const elsewhere = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DomainError) || !isDiskProblem(error.code)) throw error;
    const { code: problem, message } = error;
    const told = { message, cause: error };
    throw isRetryable(error)
      ? new DomainError('HOST_UNAVAILABLE', { reason: problem }, told)
      : new DomainError('VM_NOT_MIGRATABLE', { reason: 'DISK', problem }, told);
  }
};

/** Nothing of it takes anything from the host that it leaves. */
const prepare: PerformStep = async (input) => {
  const { vm, target: onVm, requests, reservePercent, preparation } = input;
  const migration = migrationOf(input);
  const { targetHostId: hostId } = migration;
  const source = await inspected(input);
  const { departmentId, networkId: first } = vm;
  if (first === null) throw new DomainError('INTERNAL', { reason: 'a VM with a disk and no network' });
  for (const networkId of wishedNetworks({ networkId: first, rows: input.ports }))
    await requests.call(prepareVmNetwork, { ...onVm, departmentId, networkId, hostId });
  const { status } = await requests.call(prepareVmFilter, { ...onVm, hostId });
  if (status === 'FAILED' || status === 'PENDING')
    throw new DomainError('HYPERVISOR_ERROR', { reason: 'the packet filter is not applied', status });
  const seed = source.hasSeed ? await seedOf(input) : null;
  const asked = { ...onHost(input, migration), source, seed, reservePercent };
  const target = await elsewhere(() => prepared(input, hostId, asked));
  preparation.migration = { kind: 'ready', sourceStorageId: source.storageId, target };
  return 'done';
};

/**
 * More goes along with it than a disk: an agent from before that moves none of it, or would leave behind what its firmware
 * keeps.
 */
const takesMore = ({ vm, volumes }: StepInput): boolean =>
  volumes.length > 0 || keepsFirmwareState(hardwareOf(vm)) || keepsFirmwareState(definedHardwareOf(vm));

/** @throws DomainError VM_NOT_MIGRATABLE when its host has other volumes at it than it shall have */
const inspected = async (input: StepInput): Promise<SourceWithVolumes> => {
  const { vm, on, requests, volumes } = input;
  const { id: vmId } = vm;
  if (!takesMore(input)) return { ...(await requests.call(inspectMigration, { vmId }, on)), volumes: [] };
  const source = await notTooOld({ requests, vmId, hostId: on.hostId }, () =>
    requests.call(inspectMigrationWithVolumes, { vmId }, on),
  );
  const had = new Set(source.volumes.map(({ volumeId }) => volumeId));
  if (had.size !== volumes.length || volumes.some(({ id }) => !had.has(id)))
    throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'VOLUMES' });
  return source;
};

/** One with nothing but its disk is asked for in words that any agent knows. */
const prepared = async (
  input: StepInput,
  hostId: string,
  asked: RequestOf<typeof prepareMigrationWithVolumes>,
): Promise<TargetWithVolumes> => {
  const { vm, requests } = input;
  if (!takesMore(input)) return { ...(await requests.call(prepareMigration, asked, { hostId })), volumes: [] };
  return notTooOld({ requests, vmId: vm.id, hostId }, () =>
    requests.call(prepareMigrationWithVolumes, asked, { hostId }),
  );
};

const notTooOld = async <T extends object>(about: AboutVm, ask: () => Promise<T>): Promise<T> => {
  const answer = await unlessTooOld(about, ask);
  if (answer !== undefined) return answer;
  const { vmId, hostId } = about;
  const message = 'The agent of a host is older than what goes along with the virtual machine: update it';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId, hostId }, { message });
};

/** As at a start; null: nobody wants one any more, and its drive is empty from now on. */
const seedOf = async (input: StepInput): Promise<RequestOf<typeof prepareMigrationWithVolumes>['seed']> => {
  const { vm, requests } = input;
  const kept = await input.cloudInit();
  const [first, ...others] = (await requests.call(findNics, { vmId: vm.id })).nics;
  return kept === null || first === undefined ? null : seedOfVm(vm, kept, [first, ...others]);
};

/** What is wrong with the storage of a volume says nothing of the disk of the VM, which goes on where it is. */
const onVolumes = async <T>(vmId: string, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DomainError) || !isDiskProblem(error.code) || error.details['volumeId'] === undefined)
      throw error;
    const { code: problem, message } = error;
    throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'VOLUMES', problem }, { message, cause: error });
  }
};

/** A host takes as long for it as there is to copy, and answers meanwhile how far it is. */
const move: PerformStep = async (input) => {
  const migration = migrationOf(input);
  const { target } = migration;
  if (target === null) throw new DomainError('INTERNAL', { reason: 'moved before the other host was ready' });
  const asked = { ...onHost(input, migration), target };
  const { departure, progressPercent } =
    target.volumes.length === 0 && !takesMore(input)
      ? await input.requests.call(migrateVm, asked, input.on)
      : await onVolumes(input.vm.id, () => input.requests.call(migrateVmWithVolumes, asked, input.on));
  input.preparation.copiedPercent = STEP_BEFORE_PERCENT + progressPercent;
  if (departure === 'STAYED') throw new DomainError('MIGRATION_FAILED', { vmId: input.vm.id });
  return record(input, migration, departure);
};

const abort: PerformStep = async (input) => {
  const migration = migrationOf(input);
  // Its host was asked for nothing yet.
  if (migration.phase === 'PREPARING') return record(input, migration, 'STAYED');
  const { departure } = await input.requests.call(abortMigration, onHost(input, migration), input.on);
  // Of one that shall go nothing can be lost any more.
  if (departure === 'GONE' && input.vm.desired === 'DELETED' && !(await isThere(input, migration)))
    return record(input, migration, 'STAYED');
  return record(input, migration, departure);
};

/** With the step it is recorded whose the VM is from now on. */
const record = async (input: StepInput, migration: VmMigration, departure: Departure): Promise<StepOutcome> => {
  const left = await hasLeft(input.vm.id, departure, () => isThere(input, migration));
  if (left === null) return 'pending';
  input.preparation.migration = { kind: left ? 'left' : 'stayed' };
  return 'done';
};

const isThere = async ({ vm, requests }: StepInput, { targetHostId: hostId }: VmMigration): Promise<boolean> =>
  (await requests.call(inspectVm, { vmId: vm.id }, { hostId })).domain !== null;

/** It is of that host by now. Its filter comes before it runs on: rules may have changed since it was made there. */
const finish: PerformStep = async (input) => {
  const { vm, migration, requests, on, preparation } = input;
  if (migration?.phase !== 'ARRIVED') throw takenBack(vm.id, migration);
  // One that shall go needs neither, and is not held up where it can't have them.
  if (vm.desired !== 'DELETED') {
    await create['attach-network'](input);
    await create.protect(input);
  }
  // QEMU writes variables of UEFI that came along when the guest runs on: it does, and is switched off as any other then.
  const isOn = vm.desired === 'RUNNING' || (vm.desired !== 'DELETED' && hasVariables(vm));
  await requests.call(finishMigration, { ...onHost(input, migration), isOn }, on);
  preparation.migration = { kind: 'finished' };
  return 'done';
};

const takenBack = (vmId: string, migration: VmMigration | null): DomainError => {
  if (migration?.isTargetInMaintenance !== true) return new DomainError('OPERATION_CANCELLED', { vmId });
  const message = 'The host that the virtual machine was to go to was put into maintenance';
  return new DomainError('HOST_IN_MAINTENANCE', { vmId, hostId: migration.targetHostId }, { message });
};

/** What there is of it on the host that it does not belong to. */
const clean: PerformStep = async (input) => {
  const { target, requests, preparation } = input;
  const migration = migrationOf(input);
  const { phase, sourceHostId, targetHostId, sourceStorageId } = migration;
  const isTakenBack = phase === 'TAKEN_BACK';
  const hostId = isTakenBack ? targetHostId : sourceHostId;
  const otherStorageId = isTakenBack ? sourceStorageId : (migration.target?.storageId ?? null);
  await elsewhere(() => requests.call(endMigration, { ...onHost(input, migration), otherStorageId }, { hostId }));
  await requests.call(releaseVmFilter, { ...target, hostId });
  preparation.migration = { kind: 'cleaned' };
  return 'done';
};

export const migrationSteps = {
  'prepare-migration': prepare,
  migrate: move,
  'abort-migration': abort,
  'finish-migration': finish,
  'clean-migration': clean,
};
