import { describe, expect, it } from '@jest/globals';
import {
  MIGRATION_PHASES,
  hasLeft,
  isUnsettled,
  nextMigrationStep,
  requireMigratable,
  type MigrationPhase,
  type MovedVm,
} from './migration.js';
import { isStepOf, plan } from './plan.js';
import type { Observed } from './planning.js';
import { isCancellable, taskOf, type DesiredState, type Step } from './registry.js';

const WISHES: readonly DesiredState[] = ['RUNNING', 'STOPPED', 'FORCED_OFF', 'PAUSED', 'DELETED'];

const seen = (changes: Partial<Observed> = {}): Observed => ({
  power: 'running',
  reason: 'booted',
  isBuilt: true,
  isDiskSound: true,
  isAsked: false,
  isForceDue: false,
  completed: new Set<Step>(),
  sizes: null,
  ...changes,
});
const moving = (phase: MigrationPhase, isWanted: boolean, changes: Partial<Observed> = {}): Observed =>
  seen({ migration: { phase, isWanted }, ...changes });

describe('a VM on its way to another host', () => {
  it.each<[MigrationPhase, Step | null, Step | null]>([
    ['PREPARING', 'prepare-migration', 'abort-migration'],
    ['MOVING', 'migrate', 'abort-migration'],
    ['ARRIVED', 'finish-migration', 'finish-migration'],
    ['CLEANING', null, null],
    ['TAKEN_BACK', null, null],
  ])('in %s: %s while it is wanted, and else %s', (phase, wanted, unwanted) => {
    expect(nextMigrationStep({ phase, isWanted: true })).toBe(wanted);
    expect(nextMigrationStep({ phase, isWanted: false })).toBe(unwanted);
    expect(isUnsettled({ phase, isWanted: true })).toBe(wanted !== null);
  });

  it('is not started, stopped or removed anywhere before it is certain where it belongs', () => {
    const unsettled = MIGRATION_PHASES.filter((phase) => isUnsettled({ phase, isWanted: true }));
    const tasks = [null, taskOf('MIGRATE_VM'), taskOf('REBOOT_VM')];
    for (const phase of unsettled)
      for (const isWanted of [true, false])
        for (const desired of WISHES)
          for (const power of ['running', 'paused', 'off', 'crashed', null] as const)
            for (const task of tasks)
              expect(plan(desired, moving(phase, isWanted, { power, isDiskSound: false }), task)).toEqual({
                kind: 'act',
                step: nextMigrationStep({ phase, isWanted }),
              });
  });

  it('leaves nothing where it was, once it is as it shall be and nobody waits for anything else', () => {
    const clean = { kind: 'act', step: 'clean-migration' };
    for (const phase of ['CLEANING', 'TAKEN_BACK'] as const) {
      expect(plan('RUNNING', moving(phase, false))).toEqual(clean);
      expect(plan('RUNNING', moving(phase, false, { isAsked: true }))).toEqual({ kind: 'settled' });
      expect(plan('RUNNING', moving(phase, false, { power: 'off' }))).toMatchObject({ step: 'attach-network' });
      const done = new Set<Step>(['remove-disk', 'unprotect', 'detach-network']);
      expect(plan('DELETED', moving(phase, false))).toEqual({ kind: 'act', step: 'force-off' });
      expect(plan('DELETED', moving(phase, false, { power: null, completed: done }))).toEqual(clean);
    }
  });

  it('left standing still by libvirt runs on when nothing at the other host can hold its disk', () => {
    const held = { power: 'paused', reason: 'migration' } as const;
    const resume = { kind: 'act', step: 'resume' };
    expect(plan('RUNNING', moving('TAKEN_BACK', false, held))).toEqual({ kind: 'act', step: 'clean-migration' });
    const cleaned = new Set<Step>(['clean-migration']);
    expect(plan('RUNNING', moving('TAKEN_BACK', false, { ...held, completed: cleaned }))).toEqual(resume);
    expect(plan('RUNNING', seen(held))).toEqual(resume);
    expect(plan('RUNNING', moving('TAKEN_BACK', false, { ...held, isAsked: true }))).toEqual(resume);
    expect(plan('RUNNING', moving('TAKEN_BACK', false, { ...held, reason: 'user' }))).toEqual({ kind: 'paused' });
  });

  it('has the task done when it has arrived and runs on, and tells who cancelled it when it was taken back', () => {
    const task = taskOf('MIGRATE_VM');
    const finished = new Set<Step>(['finish-migration']);
    expect(plan('RUNNING', moving('CLEANING', true, { isAsked: true, completed: finished }), task)).toEqual({
      kind: 'settled',
    });
    expect(plan('RUNNING', moving('TAKEN_BACK', false, { isAsked: true }), task)).toEqual({
      kind: 'act',
      step: 'finish-migration',
    });
    const steps: readonly Step[] = ['prepare-migration', 'migrate', 'finish-migration'];
    expect(steps.every((step) => isStepOf(task, step))).toBe(true);
    expect(isStepOf(task, 'abort-migration')).toBe(false);
    expect([isCancellable('MIGRATE_VM'), isCancellable('SAVE_VM')]).toEqual([true, false]);
  });
});

describe('whether it has left', () => {
  const never = () => Promise.reject(new Error('asked in vain'));

  it('is what the host that it leaves says, where that has seen it', async () => {
    expect(await hasLeft('v', 'UNDER_WAY', never)).toBeNull();
    expect(await hasLeft('v', 'STAYED', never)).toBe(false);
    expect(await hasLeft('v', 'LEFT', never)).toBe(true);
  });

  it('is asked of the other host where nobody saw it, and nothing is guessed where neither has it', async () => {
    expect(await hasLeft('v', 'GONE', () => Promise.resolve(true))).toBe(true);
    await expect(hasLeft('v', 'GONE', () => Promise.resolve(false))).rejects.toMatchObject({
      code: 'MIGRATION_UNCLEAR',
    });
  });
});

describe('requireMigratable', () => {
  const vm = (changes: Partial<MovedVm> = {}): MovedVm => ({
    id: 'v',
    hostId: 'h1',
    state: 'RUNNING',
    hasDisk: true,
    hasVariables: false,
    isMoving: false,
    snapshots: 0,
    hasCdrom: false,
    ...changes,
  });

  it('lets one go that has nothing but its disk, to another host or wherever it may', () => {
    for (const hostId of ['h2', null]) expect(() => requireMigratable(vm(), hostId)).not.toThrow();
    expect(() => requireMigratable(vm({ state: 'STOPPED' }), 'h2')).not.toThrow();
    expect(() => requireMigratable(vm({ hasVariables: true }), 'h2')).not.toThrow();
  });

  it.each<[Partial<MovedVm>, string, string]>([
    [{}, 'h1', 'SAME_HOST'],
    [{ hasDisk: false }, 'h2', 'NO_DISK'],
    [{ hasVariables: true, state: 'STOPPED' }, 'h2', 'FIRMWARE_STATE'],
    [{ snapshots: 1 }, 'h2', 'SNAPSHOTS'],
    [{ hasCdrom: true }, 'h2', 'CDROM'],
  ])('refuses %j to %s: %s', (changes, hostId, reason) => {
    const details = expect.objectContaining({ reason }) as unknown;
    expect(() => requireMigratable(vm(changes), hostId)).toThrow(
      expect.objectContaining({ code: 'VM_NOT_MIGRATABLE', details }),
    );
  });

  it('refuses one of which an earlier host is not clean yet', () => {
    expect(() => requireMigratable(vm({ isMoving: true }), 'h2')).toThrow(expect.objectContaining({ code: 'VM_BUSY' }));
  });
});
