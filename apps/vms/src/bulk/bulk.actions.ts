import {
  ACTIONS,
  actionOf,
  optionsOf,
  type FlagOption,
  type IntegerOption,
  type OperationKind,
} from '@infinibay/vms-domain';

/** Everything that can be asked of VMs that exist. */
export type BulkKind = Exclude<OperationKind, 'CREATE_VM'>;

export const isBulkKind = (kind: OperationKind): kind is BulkKind =>
  kind !== 'CREATE_VM' && actionOf(kind).allowedIn.length > 0;

export const BULK_KINDS: readonly BulkKind[] = ACTIONS.map(({ kind }) => kind).filter(isBulkKind);

export interface BulkOption {
  readonly name: string;
  readonly option: IntegerOption | FlagOption;
  /** Which actions have it. */
  readonly kinds: readonly BulkKind[];
}

const declared = BULK_KINDS.flatMap((kind) =>
  Object.entries<IntegerOption | FlagOption>(optionsOf(kind)).map(([name, option]) => ({ name, option, kind })),
);

/** The options of all actions, each once. */
export const BULK_OPTIONS: readonly BulkOption[] = [...Map.groupBy(declared, ({ name }) => name)].flatMap(
  ([name, of]) => {
    const [first] = of;
    return first === undefined ? [] : [{ name, option: first.option, kinds: of.map(({ kind }) => kind) }];
  },
);
