import { describe, expect, it } from '@jest/globals';
import { drainVerdict, type DrainedVm } from './drain.js';

const vm = (overrides: Partial<DrainedVm>): DrainedVm => ({
  state: 'RUNNING',
  isWantedGone: false,
  error: null,
  open: null,
  ...overrides,
});
const outcome = (overrides: Partial<DrainedVm>) => drainVerdict(vm(overrides)).outcome;

describe('drainVerdict', () => {
  it.each(['BUILDING', 'STARTING', 'RUNNING', 'STOPPING', 'PAUSED'] as const)('shuts down one that is %s', (state) => {
    expect(drainVerdict(vm({ state }))).toEqual({ outcome: 'SHUT_DOWN', reason: null });
    expect(outcome({ state, open: 'SHUTDOWN_VM' })).toBe('SHUT_DOWN');
  });

  it('does nothing to one that is off, whatever is open on it', () => {
    expect(drainVerdict(vm({ state: 'STOPPED' }))).toEqual({ outcome: 'NOTHING', reason: null });
    expect(outcome({ state: 'STOPPED', open: 'CREATE_SNAPSHOT' })).toBe('NOTHING');
  });

  it('leaves one in error alone, and says what is wrong with it', () => {
    const error = { code: 'DISK_MISSING', message: 'no file' };
    expect(drainVerdict(vm({ state: 'ERROR', error }))).toEqual({ outcome: 'BLOCKED', reason: error });
    expect(drainVerdict(vm({ state: 'ERROR' }))).toMatchObject({ outcome: 'BLOCKED', reason: { code: 'VM_BUSY' } });
  });

  it('shuts down one in error that may run: nobody could ask its host', () => {
    const error = { code: 'SUSPENDED_GUEST_LOST', message: 'it is gone' };
    expect(outcome({ state: 'ERROR', error })).toBe('BLOCKED');
    for (const code of ['HOST_UNAVAILABLE', 'VM_UNRESPONSIVE', 'DEADLINE_EXCEEDED']) {
      const away = { state: 'ERROR', error: { code, message: 'away' } } as const;
      expect(outcome(away)).toBe('SHUT_DOWN');
      expect(outcome({ ...away, isWantedGone: true })).toBe('BLOCKED');
    }
  });

  it('waits for the end of one that is being deleted', () => {
    expect(outcome({ state: 'DELETING', open: 'DELETE_VM' })).toBe('DELETION');
    expect(outcome({ state: 'DELETED' })).toBe('NOTHING');
  });

  it('leaves one alone on which something is under way that only a newer version knows', () => {
    expect(outcome({ open: 'MOVE_VM' })).toBe('BLOCKED');
  });

  it.each(['SAVE_VM', 'CREATE_SNAPSHOT', 'REVERT_TO_SNAPSHOT'] as const)('lets %s end first', (open) => {
    const { outcome: what, reason } = drainVerdict(vm({ open }));
    expect([what, reason?.code]).toEqual(['BLOCKED', 'VM_BUSY']);
    expect(reason?.message).toContain(open);
  });

  it('waits for one that is being made, though nothing else may be asked of it meanwhile', () => {
    expect(outcome({ state: 'BUILDING', open: 'CLONE_VM' })).toBe('SHUT_DOWN');
  });
});
