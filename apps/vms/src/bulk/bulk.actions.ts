import {
  ACTIONS,
  actionOf,
  optionsOf,
  type FlagOption,
  type IntegerOption,
  type OperationKind,
} from '@infinibay/vms-domain';

/** What more has to be said of than which VM is meant; it has no bulk form. */
const SINGULAR = [
  'CREATE_VM',
  'CLONE_VM',
  'RESIZE_VM',
  'RESTORE_VM_REVISION',
  'SET_VM_AUTOSTART',
  'SET_VM_PORT_LINK',
  'ADD_VM_PORT',
  'REMOVE_VM_PORT',
  'CHANGE_VM_PORT_NETWORK',
  'SET_VM_HARDWARE',
  'SET_VM_CDROM',
  'ATTACH_VOLUME',
  'DETACH_VOLUME',
  'CREATE_SNAPSHOT',
  'REVERT_TO_SNAPSHOT',
  'DELETE_SNAPSHOT',
  'MIGRATE_VM',
  'TRANSFER_VM',
] as const satisfies readonly OperationKind[];
type Singular = (typeof SINGULAR)[number];

/** Everything that can be asked of VMs that exist, with no word but which. */
export type BulkKind = Exclude<OperationKind, Singular>;

export const isBulkKind = (kind: OperationKind): kind is BulkKind =>
  !SINGULAR.some((one) => one === kind) && actionOf(kind).allowedIn.length > 0;

export const BULK_KINDS: readonly BulkKind[] = ACTIONS.map(({ kind }) => kind).filter(isBulkKind);

export interface BulkOption {
  readonly name: string;
  readonly option: IntegerOption | FlagOption;
  /** What it means, to each of the actions where they differ. */
  readonly description: string;
  /** Which actions have it. */
  readonly kinds: readonly BulkKind[];
}

const declared = BULK_KINDS.flatMap((kind) =>
  Object.entries<IntegerOption | FlagOption>(optionsOf(kind)).map(([name, option]) => ({ name, option, kind })),
);

const meaningOf = (declaredBy: typeof declared): string =>
  [...Map.groupBy(declaredBy, ({ option }) => option.description)]
    .map(([description, by]) => `Of ${by.map(({ kind }) => kind).join(', ')}: ${description}`)
    .join('. ');

/** The options of all actions, each once. */
export const BULK_OPTIONS: readonly BulkOption[] = [...Map.groupBy(declared, ({ name }) => name)].flatMap(
  ([name, of]) => {
    const [first] = of;
    return first === undefined
      ? []
      : [{ name, option: first.option, description: meaningOf(of), kinds: of.map(({ kind }) => kind) }];
  },
);
