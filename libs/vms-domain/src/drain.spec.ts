import { DomainError } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import {
  DRAIN_MODES,
  drainVerdict,
  mayStay,
  obstacleIn,
  passesByWaiting,
  type DrainMode,
  type DrainVerdict,
  type DrainedVm,
} from './drain.js';

const vm = (overrides: Partial<DrainedVm>): DrainedVm => ({
  state: 'RUNNING',
  isWantedGone: false,
  error: null,
  open: null,
  obstacle: null,
  ...overrides,
});
const judge = (overrides: Partial<DrainedVm>, mode: DrainMode = 'SHUT_DOWN'): DrainVerdict =>
  drainVerdict(vm(overrides), mode);
const outcome = (overrides: Partial<DrainedVm>, mode?: DrainMode) => judge(overrides, mode).outcome;
const everyMode = (overrides: Partial<DrainedVm>) => DRAIN_MODES.map((mode) => outcome(overrides, mode));

describe('drainVerdict', () => {
  it.each(['BUILDING', 'STARTING', 'RUNNING', 'STOPPING', 'PAUSED'] as const)('shuts down one that is %s', (state) => {
    expect(judge({ state })).toEqual({ outcome: 'SHUT_DOWN', reason: null });
    expect(outcome({ state, open: 'SHUTDOWN_VM' })).toBe('SHUT_DOWN');
  });

  it('does nothing to one that is off, whatever is open on it, and moves none', () => {
    expect(judge({ state: 'STOPPED' })).toEqual({ outcome: 'NOTHING', reason: null });
    expect(outcome({ state: 'STOPPED', open: 'CREATE_SNAPSHOT' })).toBe('NOTHING');
    expect(everyMode({ state: 'STOPPED' })).toEqual(['NOTHING', 'NOTHING', 'NOTHING']);
  });

  it('leaves one in error alone, and says what is wrong with it', () => {
    const error = { code: 'DISK_MISSING', message: 'no file' };
    expect(judge({ state: 'ERROR', error })).toEqual({ outcome: 'BLOCKED', reason: error });
    expect(judge({ state: 'ERROR' })).toMatchObject({ outcome: 'BLOCKED', reason: { code: 'VM_BUSY' } });
  });

  it('shuts down one in error that may run, and does not move it: nobody could ask its host', () => {
    const error = { code: 'SUSPENDED_GUEST_LOST', message: 'it is gone' };
    expect(outcome({ state: 'ERROR', error })).toBe('BLOCKED');
    for (const code of ['HOST_UNAVAILABLE', 'VM_UNRESPONSIVE', 'DEADLINE_EXCEEDED']) {
      const away = { state: 'ERROR', error: { code, message: 'away' } } as const;
      expect(everyMode(away)).toEqual(['SHUT_DOWN', 'BLOCKED', 'SHUT_DOWN']);
      expect(outcome({ ...away, isWantedGone: true })).toBe('BLOCKED');
    }
  });

  it('waits for the end of one that is being deleted', () => {
    expect(everyMode({ state: 'DELETING', open: 'DELETE_VM' })).toEqual(['DELETION', 'DELETION', 'DELETION']);
    expect(outcome({ state: 'DELETED' })).toBe('NOTHING');
  });

  it('leaves one alone on which something is under way that only a newer version knows', () => {
    expect(everyMode({ open: 'REPLACE_VM' })).toEqual(['BLOCKED', 'BLOCKED', 'BLOCKED']);
  });

  it.each(['SAVE_VM', 'CREATE_SNAPSHOT', 'REVERT_TO_SNAPSHOT'] as const)('lets %s end first', (open) => {
    const { outcome: what, reason } = judge({ open });
    expect([what, reason?.code]).toEqual(['BLOCKED', 'VM_BUSY']);
    expect(reason?.message).toContain(open);
    expect(everyMode({ open })).toEqual(['BLOCKED', 'BLOCKED', 'BLOCKED']);
  });

  it('waits for one that is being made, though nothing else may be asked of it meanwhile', () => {
    expect(everyMode({ state: 'BUILDING', open: 'CLONE_VM' })).toEqual(['SHUT_DOWN', 'MIGRATE', 'MIGRATE']);
  });

  it('moves what runs where that is wanted, and lets go what goes off or is on its way already', () => {
    expect(everyMode({})).toEqual(['SHUT_DOWN', 'MIGRATE', 'MIGRATE']);
    expect(everyMode({ state: 'STOPPING' })).toEqual(['SHUT_DOWN', 'SHUT_DOWN', 'SHUT_DOWN']);
    // Who has asked without a mode knows no word for it.
    expect(everyMode({ open: 'MIGRATE_VM' })).toEqual(['SHUT_DOWN', 'MIGRATE', 'MIGRATE']);
  });

  it('shuts down what can not be moved only where that is said, and says why in both cases', () => {
    const obstacle = { code: 'VM_NOT_MIGRATABLE', message: 'SNAPSHOTS' };
    expect(judge({ obstacle })).toEqual({ outcome: 'SHUT_DOWN', reason: null });
    expect(judge({ obstacle }, 'MIGRATE')).toEqual({ outcome: 'BLOCKED', reason: obstacle });
    expect(judge({ obstacle }, 'MIGRATE_OR_SHUT_DOWN')).toEqual({ outcome: 'SHUT_DOWN', reason: obstacle });
    expect(everyMode({ state: 'PAUSED' })).toEqual(['SHUT_DOWN', 'BLOCKED', 'SHUT_DOWN']);
  });
});

describe('what moving a VM was refused with', () => {
  it('is an obstacle where it does not pass, with the reason or the rules in it', () => {
    const said = (error: unknown) => obstacleIn(error)?.message.split(': ')[1];
    expect(said(new DomainError('VM_NOT_MIGRATABLE', { vmId: 'v', reason: 'VOLUMES' }))).toBe('VOLUMES');
    const refusals = [
      { rule: 'host-online', hosts: 1 },
      { rule: 'memory-committed', hosts: 2 },
    ];
    expect(said(new DomainError('NO_SUITABLE_HOST', { refusals }))).toBe('host-online, memory-committed');
    const { message } = new DomainError('MEMORY_EXCEEDS_HOST');
    expect(obstacleIn(new DomainError('MEMORY_EXCEEDS_HOST'))).toEqual({ code: 'MEMORY_EXCEEDS_HOST', message });
  });

  it.each(['VM_BUSY', 'PORT_BUSY'] as const)('is waited for when it is %s', (code) => {
    expect([passesByWaiting(new DomainError(code)), obstacleIn(new DomainError(code))]).toEqual([true, null]);
  });

  it.each([new DomainError('VM_NOT_FOUND'), new DomainError('HOST_UNAVAILABLE'), new Error('x'), null])(
    'is neither: %s',
    (error) => {
      expect([passesByWaiting(error), obstacleIn(error)]).toEqual([false, null]);
    },
  );
});

describe('mayStay', () => {
  const noHost = (...rules: string[]) =>
    new DomainError('NO_SUITABLE_HOST', { hostsConsidered: 1, refusals: rules.map((rule) => ({ rule, hosts: 1 })) });

  it.each([
    ['what no operation is the reason of', new DomainError('VM_BUSY', { reason: 'it is being moved' }), true],
    ['a port that a guest keeps', new DomainError('PORT_BUSY'), true],
    [
      'a volume that a guest keeps',
      new DomainError('VOLUME_BUSY', { state: 'AVAILABLE', attachment: 'DETACHING' }),
      true,
    ],
    ['a volume that is moved', new DomainError('VOLUME_BUSY', { state: 'MOVING', attachment: 'ATTACHED' }), false],
    ['an operation that ends', new DomainError('VM_BUSY', { operation: 'CLONE_VM' }), false],
    ['a host that was not heard just now', noHost('memory-committed', 'host-online'), true],
    ['hosts without room', noHost('memory-committed'), false],
    ['something else', new Error('no'), false],
  ])('tells %s', (_what, refusal, stays) => expect(mayStay(refusal)).toBe(stays));
});
