import { describe, expect, it } from '@jest/globals';
import { ACTIONS } from './actions/index.js';
import { plan } from './plan.js';
import type { Observed } from './planning.js';
import { taskOf, type Step } from './registry.js';

describe('a task', () => {
  const running = (changes: Partial<Observed> = {}): Observed => ({
    power: 'running',
    reason: 'booted',
    isBuilt: true,
    isDiskSound: true,
    isAsked: true,
    isForceDue: false,
    completed: new Set<Step>(),
    sizes: null,
    ...changes,
  });
  const task = taskOf('REBOOT_VM');

  it('is done once the wish is settled, and once', () => {
    expect(plan('RUNNING', running(), task)).toEqual({ kind: 'act', step: 'reboot' });
    expect(plan('RUNNING', running({ completed: new Set(['reboot']) }), task)).toEqual({ kind: 'settled' });
    expect(plan('RUNNING', running(), null)).toEqual({ kind: 'settled' });
    for (const action of ACTIONS) expect(taskOf(action.kind)).toEqual('task' in action ? action.task : null);
  });

  it('waits for a guest that is on its way down, and is not needed for one that had to be started', () => {
    expect(plan('RUNNING', running({ power: 'shutting-down' }), task)).toEqual({
      kind: 'wait',
      reason: 'shutting-down',
    });
    expect(plan('RUNNING', running({ power: 'off' }), task)).toMatchObject({ kind: 'act', step: 'attach-network' });
    expect(plan('RUNNING', running({ completed: new Set(['start']) }), task)).toEqual({ kind: 'settled' });
  });

  it('about a volume is done to a VM that is off as to one that runs, and starts none', () => {
    const attach = taskOf('ATTACH_VOLUME');
    for (const wish of ['STOPPED', 'FORCED_OFF'] as const)
      expect(plan(wish, running({ power: 'off' }), attach)).toEqual({ kind: 'act', step: 'attach-volume' });
    expect(plan('RUNNING', running(), attach)).toEqual({ kind: 'act', step: 'attach-volume' });
    expect(attach?.onOff).toBe(true);
  });

  it('about ports that is over is made up for where the VM is as it shall be, volumes first', () => {
    for (const step of ['attach-port', 'detach-port'] as const) {
      const left = { isAsked: false, pendingPorts: step, pendingVolumes: 'detach-volume' } as const;
      expect(plan('RUNNING', running(left))).toEqual({ kind: 'act', step: 'detach-volume' });
      const [volumesDone, allDone] = [new Set(['detach-volume']), new Set(['detach-volume', step])];
      expect(plan('RUNNING', running({ ...left, completed: volumesDone }))).toEqual({ kind: 'act', step });
      // Once for each claim: a guest that keeps one does not keep the worker.
      expect(plan('RUNNING', running({ ...left, completed: allDone }))).toEqual({ kind: 'settled' });
      expect(plan('RUNNING', running({ ...left, isAsked: true }))).toEqual({ kind: 'settled' });
      expect(plan('DELETED', running(left))).not.toMatchObject({ step });
    }
  });

  it('that takes a snapshot leaves a guest standing still that did, and lets one run on that it stopped itself', () => {
    const take = taskOf('CREATE_SNAPSHOT');
    const paused = (reason: string, completed: Step[] = []) =>
      running({ power: 'paused', reason, completed: new Set(completed) });
    for (const wish of ['RUNNING', 'PAUSED'] as const)
      expect(plan(wish, paused('user'), take)).toEqual({ kind: 'act', step: 'create-snapshot' });
    expect(plan('RUNNING', paused('user', ['create-snapshot']), take)).toEqual({ kind: 'paused' });
    expect(plan('PAUSED', paused('user', ['create-snapshot']), take)).toEqual({ kind: 'settled' });
    expect(plan('RUNNING', paused('snapshot', ['create-snapshot']), take)).toEqual({ kind: 'act', step: 'resume' });
    expect(plan('RUNNING', running({ ...paused('snapshot'), isAsked: false }))).toEqual({
      kind: 'act',
      step: 'resume',
    });
    expect(plan('STOPPED', running({ power: 'off' }), take)).toEqual({ kind: 'act', step: 'create-snapshot' });
  });

  it('that goes back to a snapshot cuts the power before it begins, and never once it has', () => {
    const back = taskOf('REVERT_TO_SNAPSHOT');
    expect(plan('FORCED_OFF', running(), back)).toEqual({ kind: 'act', step: 'force-off' });
    const off = running({ power: 'off', completed: new Set<Step>(['force-off']) });
    expect(plan('FORCED_OFF', off, back)).toEqual({ kind: 'act', step: 'revert-to-snapshot' });
    // Who began it has died: the guest may run on from the snapshot.
    const begun = running({ isTaskBegun: true });
    expect(plan('FORCED_OFF', begun, back)).toEqual({ kind: 'act', step: 'revert-to-snapshot' });
    const done = running({ isTaskBegun: true, completed: new Set<Step>(['revert-to-snapshot']) });
    expect(plan('RUNNING', done, back)).toEqual({ kind: 'settled' });
    expect(plan('FORCED_OFF', { ...done, power: 'off' }, back)).toEqual({ kind: 'settled' });
    expect(plan('DELETED', begun)).toEqual({ kind: 'act', step: 'force-off' });
  });

  it('that makes a VM makes its disk, begins nothing else, and is done once however often its worker dies', () => {
    const clone = taskOf('CLONE_VM');
    const nothing = { power: null, isBuilt: false, isDiskSound: false } as const;
    for (const isTaskBegun of [false, true])
      expect(plan('STOPPED', running({ ...nothing, isTaskBegun }), clone)).toEqual({ kind: 'act', step: 'clone-disk' });
    const made = running({ power: 'off', isTaskBegun: true, completed: new Set<Step>(['clone-disk']) });
    expect(plan('STOPPED', made, clone)).toEqual({ kind: 'settled' });
    // One that is to be started when it is made: its disk is there.
    const next = { kind: 'act', step: 'attach-network' };
    expect(plan('RUNNING', { ...made, power: null }, clone)).toEqual(next);
    const prepared = new Set<Step>(['clone-disk', 'attach-network']);
    expect(plan('RUNNING', { ...made, power: null, completed: prepared }, clone)).toMatchObject({ step: 'protect' });
    // Nobody waits for it any more.
    expect(plan('DELETED', running({ ...nothing, isTaskBegun: true }))).toEqual({ kind: 'act', step: 'remove-disk' });
  });

  it('comes after what keeps the VM from being as it shall be', () => {
    expect(plan('RUNNING', running({ isDiskSound: false }), task)).toEqual({ kind: 'blocked' });
    expect(plan('RUNNING', running({ power: 'paused', reason: 'user' }), task)).toEqual({
      kind: 'act',
      step: 'resume',
    });
  });

  it('is done to a guest that stands still without letting it run first, where that makes sense', () => {
    const reset = taskOf('RESET_VM');
    const paused = (changes: Partial<Observed> = {}) => running({ power: 'paused', reason: 'user', ...changes });
    const done = new Set<Step>(['reset']);
    expect(plan('PAUSED', paused(), reset)).toEqual({ kind: 'act', step: 'reset' });
    expect(plan('PAUSED', paused({ completed: done }), reset)).toEqual({ kind: 'settled' });
    expect(plan('RUNNING', paused(), reset)).toEqual({ kind: 'act', step: 'reset' });
    expect(plan('RUNNING', paused({ completed: done }), reset)).toEqual({ kind: 'act', step: 'resume' });
    expect(plan('RUNNING', paused({ isDiskSound: false }), reset)).toEqual({ kind: 'blocked' });
    expect(plan('PAUSED', running(), reset)).toEqual({ kind: 'act', step: 'suspend' });
    expect(plan('PAUSED', running({ power: 'off' }), reset)).toEqual({ kind: 'lost' });
  });
});
