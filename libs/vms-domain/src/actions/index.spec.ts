import { VmState, operationUpdatedV2 } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { stepsOf } from '../plan.js';
import {
  OPERATION_KINDS,
  actionOf,
  desiredState,
  isAllowed,
  operationKind,
  optionsOf,
  type OperationKind,
  type Step,
} from '../registry.js';
import { ACTIONS } from './index.js';
import type { FlagOption, IntegerOption } from './options.js';

describe('the list of actions', () => {
  it('names each kind and mutation once, in words that fit events', () => {
    expect(new Set(ACTIONS.map(({ kind }) => kind)).size).toBe(ACTIONS.length);
    expect(new Set(ACTIONS.map(({ mutation }) => mutation)).size).toBe(ACTIONS.length);
    for (const kind of OPERATION_KINDS) {
      expect(operationUpdatedV2.data.shape.kind.safeParse(kind).success).toBe(true);
      expect(operationKind(kind)).toBe(kind);
      expect(actionOf(kind).kind).toBe(kind);
    }
    expect(() => operationKind('PAINT_VM')).toThrow(RangeError);
    expect(() => desiredState('PAINTED')).toThrow(RangeError);
  });

  /** As people rely on it: every change here is seen by users. */
  it.each<[OperationKind, readonly VmState[]]>([
    ['CLONE_VM', ['STOPPED']],
    ['START_VM', ['STARTING', 'RUNNING', 'STOPPED', 'ERROR', 'PAUSED']],
    ['SHUTDOWN_VM', ['RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'PAUSED']],
    ['REBOOT_VM', ['RUNNING']],
    ['RESET_VM', ['RUNNING', 'PAUSED']],
    ['SUSPEND_VM', ['RUNNING', 'PAUSED']],
    ['RESUME_VM', ['RUNNING', 'PAUSED']],
    ['SAVE_VM', ['RUNNING', 'PAUSED']],
    ['FORCE_OFF_VM', ['STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'PAUSED']],
    ['RETRY_VM', ['ERROR']],
    ['RESIZE_VM', ['RUNNING', 'STOPPED']],
    ['RESTORE_VM_REVISION', ['RUNNING', 'STOPPED']],
    ['SET_VM_AUTOSTART', ['RUNNING', 'STOPPED']],
    ['SET_VM_PORT_LINK', ['RUNNING', 'STOPPED', 'PAUSED']],
    ['ADD_VM_PORT', ['RUNNING', 'STOPPED']],
    ['REMOVE_VM_PORT', ['RUNNING', 'STOPPED', 'ERROR']],
    ['CHANGE_VM_PORT_NETWORK', ['RUNNING', 'STOPPED']],
    ['SET_VM_HARDWARE', ['RUNNING', 'STOPPED']],
    ['SET_VM_CDROM', ['RUNNING', 'STOPPED', 'ERROR']],
    ['REPAIR_VM_DRIFT', ['RUNNING', 'STOPPED']],
    ['ACCEPT_VM_DRIFT', ['RUNNING', 'STOPPED']],
    ['ATTACH_VOLUME', ['RUNNING', 'STOPPED']],
    ['DETACH_VOLUME', ['RUNNING', 'STOPPED', 'ERROR']],
    ['CREATE_SNAPSHOT', ['RUNNING', 'STOPPED', 'PAUSED']],
    ['REVERT_TO_SNAPSHOT', ['RUNNING', 'STOPPED', 'PAUSED', 'ERROR']],
    ['DELETE_SNAPSHOT', ['RUNNING', 'STOPPED', 'PAUSED', 'ERROR']],
    ['MIGRATE_VM', ['RUNNING', 'STOPPED']],
    ['TRANSFER_VM', ['STOPPED']],
    ['SOFT_DELETE_VM', ['STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'PAUSED']],
    ['UNDELETE_VM', ['STOPPING', 'STOPPED', 'ERROR']],
    ['DELETE_VM', ['BUILDING', 'STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'DELETING', 'PAUSED']],
  ])('accepts %s in %j', (kind, states) => {
    expect(VmState.options.filter((state) => isAllowed(kind, state)).sort()).toEqual([...states].sort());
  });

  it.each<[OperationKind, readonly Step[]]>([
    ['CREATE_VM', ['attach-network', 'ensure-disk', 'protect', 'define', 'start']],
    ['CLONE_VM', ['clone-disk']],
    ['START_VM', ['attach-network', 'ensure-disk', 'protect', 'define', 'start']],
    ['SHUTDOWN_VM', ['shutdown']],
    ['REBOOT_VM', ['reboot']],
    ['RESET_VM', ['reset']],
    ['SUSPEND_VM', ['suspend']],
    ['RESUME_VM', ['resume']],
    ['SAVE_VM', ['save']],
    ['FORCE_OFF_VM', ['force-off']],
    ['RETRY_VM', []],
    ['RESIZE_VM', ['redefine', 'update-live']],
    ['RESTORE_VM_REVISION', ['redefine', 'update-live']],
    ['SET_VM_AUTOSTART', ['redefine', 'update-live']],
    ['SET_VM_PORT_LINK', ['redefine', 'update-live']],
    ['ADD_VM_PORT', ['attach-port']],
    ['REMOVE_VM_PORT', ['detach-port']],
    ['CHANGE_VM_PORT_NETWORK', ['change-port']],
    ['SET_VM_HARDWARE', ['redefine', 'update-live']],
    ['SET_VM_CDROM', ['set-cdrom']],
    ['REPAIR_VM_DRIFT', ['redefine', 'update-live']],
    ['ACCEPT_VM_DRIFT', []],
    ['ATTACH_VOLUME', ['attach-volume']],
    ['DETACH_VOLUME', ['detach-volume']],
    ['CREATE_SNAPSHOT', ['create-snapshot']],
    ['REVERT_TO_SNAPSHOT', ['revert-to-snapshot']],
    ['DELETE_SNAPSHOT', ['delete-snapshot']],
    ['MIGRATE_VM', ['prepare-migration', 'migrate', 'finish-migration']],
    ['TRANSFER_VM', ['transfer']],
    ['SOFT_DELETE_VM', ['force-off']],
    ['UNDELETE_VM', ['force-off']],
    ['DELETE_VM', ['force-off', 'undefine', 'remove-disk', 'unprotect', 'detach-network']],
  ])('shows the steps of %s as %j', (kind, steps) => expect(stepsOf(kind)).toEqual(steps));

  it('shows the step that an option adds, to the action that has the option', () => {
    expect(stepsOf('SHUTDOWN_VM', { force: true, timeoutSeconds: 5 })).toEqual(['shutdown', 'force-off']);
    for (const force of [undefined, false]) expect(stepsOf('SHUTDOWN_VM', { force })).toEqual(['shutdown']);
    expect(stepsOf('START_VM', { force: true })).toEqual(stepsOf('START_VM'));
  });

  it('shows the steps of a start too of a clone that is started, which has its disk by then', () => {
    const steps = ['clone-disk', 'attach-network', 'protect', 'define', 'start'];
    expect(stepsOf('CLONE_VM', { start: true })).toEqual(steps);
    expect(stepsOf('CLONE_VM', { start: false })).toEqual(['clone-disk']);
  });

  it('lets options have bounds, and add steps that there are', () => {
    for (const kind of OPERATION_KINDS)
      for (const option of Object.values<IntegerOption | FlagOption>(optionsOf(kind))) {
        expect(option.description).toMatch(/^[A-Z]/);
        if (option.type === 'integer') expect(option.min).toBeLessThan(option.max);
        else if (option.adds !== undefined) expect(stepsOf(kind, { force: true })).toContain(option.adds);
      }
    expect(optionsOf('REBOOT_VM')).toEqual({});
  });
});
