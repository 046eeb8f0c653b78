/** What somebody may say beside which VM is meant; what is left out is not there. */
export interface Parameters {
  readonly timeoutSeconds?: number;
  readonly force?: boolean;
  /** Of an action that is about a volume too. */
  readonly volumeId?: string;
  readonly deleteVolumes?: boolean;
  /** Of an action that is about a snapshot too. */
  readonly snapshotId?: string;
  readonly disksOnly?: boolean;
  readonly acceptUnfinishedRevert?: boolean;
  /** Of an action that makes a VM. */
  readonly start?: boolean;
  readonly discardSavedMemory?: boolean;
  /** Of an action that may give a VM another firmware. */
  readonly acceptUnbootable?: boolean;
  /** Of an action that deletes a VM later. */
  readonly purgeAfterSeconds?: number;
  /** Of an action that gives a VM to another department: to which, in which of its networks, and to whom there. */
  readonly departmentId?: string;
  readonly networkId?: string;
  readonly ownerId?: string;
  /** Of an action that changes ports: the network of the one that comes, or goes. A VM has one in each. */
  readonly portNetworkId?: string;
  /** Of an action that moves a VM to another host: to which. */
  readonly hostId?: string;
  /** Of the drain of a host that moves VMs: those that can not be moved are shut down. */
  readonly shutDownRest?: boolean;
  /** Of a retry: the kind of what is done again. */
  readonly retries?: string;
}

export interface IntegerOption {
  readonly type: 'integer';
  readonly min: number;
  readonly max: number;
  /** Of the argument of the mutation, with its unit and what holds without it. */
  readonly description: string;
}

export interface FlagOption {
  readonly type: 'flag';
  readonly description: string;
  /** A step that the operation has when it is set. */
  readonly adds?: string;
}

/** Said in the input, or known of the VM, and no option. */
type OtherParameter =
  'volumeId' | 'snapshotId' | 'departmentId' | 'networkId' | 'ownerId' | 'portNetworkId' | 'hostId' | 'retries';

/** The options of an action: each is an optional argument beside the input, so that one more breaks no client. */
export type Options = {
  readonly [N in Exclude<keyof Parameters, OtherParameter>]?: NonNullable<Parameters[N]> extends number
    ? IntegerOption
    : FlagOption;
};
