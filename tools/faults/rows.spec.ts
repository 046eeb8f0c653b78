import { KNOWN_OPERATION_KINDS } from '@infinibay/vms-domain';
import { describe, expect, it } from '@jest/globals';
import { rowsOf } from './rows.ts';
import { stepRows, stepsOfAny, unknownQuickRows } from './step-rows.ts';
import { VICTIMS } from './victims.ts';

const ALL = { quick: false, only: undefined, schedules: 10, seed: 1 };
/**
 * A transfer to another department, a move to another host, ports, CD-ROMs, and moves and clones of volumes, have their
 * kills in specs of vms. A reboot needs a guest
 * that restarts by itself, which a spec of the agent has. Another spec is what the next six are about as well, a cut of
 * the power the next two. A retry has the steps of what it does again. Images need a server that has them: their specs kill vms and the agent.
 */
const WITHOUT_ROWS = [
  'MIGRATE_VM',
  'TRANSFER_VM',
  'ADD_VM_PORT',
  'REMOVE_VM_PORT',
  'CHANGE_VM_PORT_NETWORK',
  'SET_VM_CDROM',
  'REBOOT_VM',
  'RESTORE_VM_REVISION',
  'SET_VM_AUTOSTART',
  'SET_VM_PORT_LINK',
  'SET_VM_HARDWARE',
  'REPAIR_VM_DRIFT',
  'ACCEPT_VM_DRIFT',
  'SOFT_DELETE_VM',
  'UNDELETE_VM',
  'RETRY_VM',
  'MOVE_VOLUME',
  'CLONE_VOLUME',
  'IMPORT_IMAGE',
  'UPLOAD_IMAGE',
  'CAPTURE_IMAGE',
  'COPY_IMAGE',
  'DELETE_IMAGE',
];

describe(rowsOf, () => {
  it('kills each participant before and after each step of each action on VMs and volumes', () => {
    const names = rowsOf(ALL).map(({ name }) => name);
    for (const kind of KNOWN_OPERATION_KINDS.filter((one) => !WITHOUT_ROWS.includes(one)))
      for (const step of stepsOfAny(kind))
        for (const when of ['before', 'after'])
          for (const victim of VICTIMS) expect(names).toContain(`${kind} ${when}:${step} kill ${victim}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has quick rows, all of which there are', () => {
    expect(unknownQuickRows(stepRows())).toEqual([]);
    const quick = rowsOf({ ...ALL, quick: true });
    expect(quick.length).toBeGreaterThan(4);
    expect(quick.length).toBeLessThan(10);
  });

  it('takes what is named, and refuses what there is not', () => {
    expect(rowsOf({ ...ALL, only: 'kill nats' }).length).toBeGreaterThan(10);
    expect(() => rowsOf({ ...ALL, only: 'kill nobody' })).toThrow('no row has kill nobody');
  });
});
