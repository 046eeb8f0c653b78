import type { OperationKind } from '@infinibay/vms-domain';
import type { Type } from '@nestjs/common';
import type { z } from 'zod';
import { CloneVm, CloneVmInput } from './vm-clone.inputs.js';
import { SetVmCdrom, SetVmCdromInput } from './vm-cdrom.inputs.js';
import {
  ResizeVm,
  ResizeVmInput,
  RestoreVmRevision,
  RestoreVmRevisionInput,
  SetVmAutostart,
  SetVmAutostartInput,
  SetVmHardware,
  SetVmHardwareInput,
  SetVmPortLink,
  SetVmPortLinkInput,
} from './vm-spec.inputs.js';
import {
  AddVmPort,
  AddVmPortInput,
  ChangeVmPortNetwork,
  ChangeVmPortNetworkInput,
  RemoveVmPort,
  RemoveVmPortInput,
} from './vm-port.inputs.js';
import { CreateVmSnapshot, CreateVmSnapshotInput, VmSnapshotAction, VmSnapshotInput } from './vm-snapshot.inputs.js';
import { CreateVmInput, VmAction, VmActionInput, VmVolume, VmVolumeInput } from './vm.inputs.js';

export type ActionInput =
  | CreateVmInput
  | CloneVmInput
  | VmActionInput
  | VmVolumeInput
  | CreateVmSnapshotInput
  | VmSnapshotInput
  | ResizeVmInput
  | RestoreVmRevisionInput
  | SetVmAutostartInput
  | SetVmHardwareInput
  | SetVmPortLinkInput
  | SetVmCdromInput
  | AddVmPortInput
  | RemoveVmPortInput
  | ChangeVmPortNetworkInput;
/** What an action is asked with beside its key, once it is checked. */
export type Said = Omit<VmAction, 'idempotencyKey'> & Readonly<Record<string, unknown>>;

interface OwnInput {
  readonly Input: Type<ActionInput>;
  readonly schema: z.ZodType<VmAction & Record<string, unknown>>;
}

const VM_ACTION: OwnInput = { Input: VmActionInput, schema: VmAction };
const VM_SNAPSHOT: OwnInput = { Input: VmSnapshotInput, schema: VmSnapshotAction };
const VM_VOLUME: OwnInput = { Input: VmVolumeInput, schema: VmVolume };

/** Actions that need more said than which VM is meant. */
const OWN: Partial<Record<OperationKind, OwnInput>> = {
  CLONE_VM: { Input: CloneVmInput, schema: CloneVm },
  RESIZE_VM: { Input: ResizeVmInput, schema: ResizeVm },
  RESTORE_VM_REVISION: { Input: RestoreVmRevisionInput, schema: RestoreVmRevision },
  SET_VM_AUTOSTART: { Input: SetVmAutostartInput, schema: SetVmAutostart },
  SET_VM_HARDWARE: { Input: SetVmHardwareInput, schema: SetVmHardware },
  SET_VM_PORT_LINK: { Input: SetVmPortLinkInput, schema: SetVmPortLink },
  SET_VM_CDROM: { Input: SetVmCdromInput, schema: SetVmCdrom },
  ADD_VM_PORT: { Input: AddVmPortInput, schema: AddVmPort },
  REMOVE_VM_PORT: { Input: RemoveVmPortInput, schema: RemoveVmPort },
  CHANGE_VM_PORT_NETWORK: { Input: ChangeVmPortNetworkInput, schema: ChangeVmPortNetwork },
  ATTACH_VOLUME: VM_VOLUME,
  DETACH_VOLUME: VM_VOLUME,
  CREATE_SNAPSHOT: { Input: CreateVmSnapshotInput, schema: CreateVmSnapshot },
  REVERT_TO_SNAPSHOT: VM_SNAPSHOT,
  DELETE_SNAPSHOT: VM_SNAPSHOT,
};

/** The class from which the input of an action's mutation is made. */
export const inputClassOf = (kind: OperationKind): Type<ActionInput> =>
  kind === 'CREATE_VM' ? CreateVmInput : (OWN[kind] ?? VM_ACTION).Input;

/** How the input of an action on a VM is checked. */
export const inputSchemaOf = (kind: Exclude<OperationKind, 'CREATE_VM'>): OwnInput['schema'] =>
  (OWN[kind] ?? VM_ACTION).schema;
