import { DomainError, type Departure, type VmState } from '@infinibay/contracts';

/**
 * How far a VM is on its way to another host. It belongs to the host it leaves until it has ARRIVED, and to the one it
 * goes to from then on: PREPARING -> MOVING -> ARRIVED -> CLEANING -> no migration; PREPARING, MOVING -> TAKEN_BACK -> none.
 */
export const MIGRATION_PHASES = ['PREPARING', 'MOVING', 'ARRIVED', 'CLEANING', 'TAKEN_BACK'] as const;
export type MigrationPhase = (typeof MIGRATION_PHASES)[number];

/** A migration as a worker finds it. */
export interface Migration {
  readonly phase: MigrationPhase;
  /** Somebody waits for it, and has not cancelled it. */
  readonly isWanted: boolean;
}

export const MIGRATION_STEPS = [
  'prepare-migration',
  'migrate',
  'abort-migration',
  'finish-migration',
  'clean-migration',
] as const;
export type MigrationStep = (typeof MIGRATION_STEPS)[number];

/** Where the VM belongs is not certain yet, or it is not ready for anything there: nothing else is done before. */
export const isUnsettled = (migration: Migration | null): boolean =>
  migration !== null && ['PREPARING', 'MOVING', 'ARRIVED'].includes(migration.phase);

/** What comes before all that is wished or asked of the VM; null: nothing. */
export const nextMigrationStep = (migration: Migration | null): MigrationStep | null => {
  if (migration === null) return null;
  const { phase, isWanted } = migration;
  if (phase === 'ARRIVED') return 'finish-migration';
  if (phase !== 'PREPARING' && phase !== 'MOVING') return null;
  if (!isWanted) return 'abort-migration';
  return phase === 'PREPARING' ? 'prepare-migration' : 'migrate';
};

/**
 * Whether a VM that is being moved has left.
 * @param isThere whether the host that it goes to has it; asked only where nobody saw it leave
 * @returns null: it is still under way
 * @throws DomainError MIGRATION_UNCLEAR when neither host has it
 */
export const hasLeft = async (
  vmId: string,
  departure: Departure,
  isThere: () => Promise<boolean>,
): Promise<boolean | null> => {
  switch (departure) {
    case 'UNDER_WAY':
      return null;
    case 'STAYED':
      return false;
    case 'LEFT':
      return true;
    case 'GONE':
      if (await isThere()) return true;
      throw new DomainError('MIGRATION_UNCLEAR', { vmId });
  }
};

/** What of a VM says whether it can be moved. */
export interface MovedVm {
  readonly id: string;
  readonly hostId: string;
  readonly state: VmState;
  readonly hasDisk: boolean;
  /** It has variables of UEFI. */
  readonly hasVariables: boolean;
  /** An earlier migration of it has not been cleaned up after. */
  readonly isMoving: boolean;
  readonly snapshots: number;
  /** An image of its host is in its drive. */
  readonly hasCdrom: boolean;
}

/**
 * What is known without asking a host.
 * @param hostId where it shall go; null: wherever it may
 * @throws DomainError VM_BUSY, VM_NOT_MIGRATABLE
 */
export const requireMigratable = (vm: MovedVm, hostId: string | null): void => {
  const { id: vmId } = vm;
  if (vm.isMoving) throw new DomainError('VM_BUSY', { state: vm.state, reason: 'it is being moved' });
  if (!vm.hasDisk) throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'NO_DISK' });
  if (hostId === vm.hostId) throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'SAME_HOST' });
  // QEMU writes those that came along to their file when the guest runs on.
  if (vm.hasVariables && vm.state === 'STOPPED')
    throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'FIRMWARE_STATE' });
  if (vm.snapshots > 0) throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'SNAPSHOTS' });
  if (vm.hasCdrom) throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'CDROM' });
};
