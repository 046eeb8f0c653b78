import type { VmNic } from '@infinibay/contracts';
import type { RequestClient } from '@infinibay/platform-messaging';
import type { Drift, Parameters } from '@infinibay/vms-domain';
import type { Vm, VmPort, VmSnapshot, Volume } from '../generated/prisma/client.js';
import type { MigrationDone } from '../migrations/migration.journal.js';
import type { VmMigration } from '../migrations/migration.repository.js';
import type { SnapshotsDone } from '../snapshots/snapshot.journal.js';
import type { SavedMemory } from '../vms/saved-memory.js';
import type { KeptCloudInit } from '../vms/vm-cloud-init.repository.js';
import type { PortsDone } from '../vms/vm-port.journal.js';
import type { Cards } from '../vms/vm-spec.js';
import type { Moved } from './attachments.js';

/** What a start gathers on its way: the cards from networks, that of its first port first; the filter from firewall. */
export interface Preparation {
  nics?: readonly VmNic[];
  filterName?: string | null;
  /** Those of a VM that a transfer has got another one for. */
  cards?: Cards;
  /** What the last step has done about volumes. */
  volumes?: Moved;
  /** The same of ports. */
  ports?: PortsDone;
  /** How much of a disk, or of its image, the last step found to be copied. */
  copiedPercent?: number;
  /** A VM that the last step has made. */
  made?: { readonly isStarted: boolean };
  /** What the last step has done about the memory of a guest that is off. */
  savedMemory?: SavedMemory;
  /** Whether the last step has cut the power: who spoke before speaks no more. */
  isPowerCut?: true;
  /** What the last step has brought about of its way to another host. */
  migration?: MigrationDone;
  /** Whether what runs goes without what shall be in its drive, as the last step has found. */
  cdrom?: { readonly isPending: boolean };
  /** What the last step has done about snapshots. */
  snapshots?: SnapshotsDone;
}

/** Those of a step before have been recorded, and told of. */
export const forgetLastStep = (preparation: Preparation): void => {
  delete preparation.volumes;
  delete preparation.ports;
  delete preparation.snapshots;
  delete preparation.copiedPercent;
  delete preparation.made;
  delete preparation.savedMemory;
  delete preparation.isPowerCut;
  delete preparation.migration;
  delete preparation.cdrom;
};

/** Whether something has come about of a step that has not ended yet. */
export const hasMoved = ({ volumes, ports, snapshots, copiedPercent }: Preparation): boolean => {
  const { attached = [], refused = [], detached = [] } = ports ?? {};
  const lists = [volumes?.moved, volumes?.refused, attached, refused, detached, snapshots?.removed];
  return copiedPercent !== undefined || lists.some((ids = []) => ids.length > 0);
};

/** What a step has at hand. */
export interface StepInput {
  readonly vm: Vm;
  /** The VM and the claim under which it is changed: whoever is asked refuses an older one. */
  readonly target: { readonly vmId: string; readonly fence: number };
  /** Where a request to the VM's host goes. */
  readonly on: { readonly hostId: string };
  readonly requests: RequestClient;
  /** What is attached to it, shall be, or shall no more be. */
  readonly volumes: readonly Volume[];
  /** Its ports beside the first one, and those that shall go. */
  readonly ports: readonly VmPort[];
  /** Of the VM, oldest first. */
  readonly snapshots: readonly VmSnapshot[];
  /** Its way to another host; null: it is on none. */
  readonly migration: VmMigration | null;
  /** Of its pool, that stays free. */
  readonly reservePercent: number;
  /** What cloud-init shall find in it, as it is when that is asked; null: nothing. */
  readonly cloudInit: () => Promise<KeptCloudInit | null>;
  /**
   * Has the host get the image of the disk, unless that is under way or it has it, and says how far that is.
   * @throws DomainError IMAGE_COPY_FAILED, IMAGE_BUSY
   */
  readonly imageHere: () => Promise<{ readonly isThere: boolean; readonly percent: number }>;
  readonly preparation: Preparation;
  /** The operation that the step is for; null when nobody asked. */
  readonly operationId: string | null;
  /** What was said with the operation: which volume or snapshot it is about, and how it is to be done. */
  readonly parameters: Parameters;
  /** What somebody made of its sizes on its host, and stays so. */
  readonly standing: readonly Drift[];
}

/** 'pending': it was asked for, and has not come about yet; the step is performed again to hear of it. */
export type StepOutcome = 'done' | 'pending';

/**
 * Asks the service that owns it. Performed again after any interruption, so what is asked for must be idempotent.
 * @throws DomainError
 */
export type PerformStep = (input: StepInput) => Promise<StepOutcome>;
