import { describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '@infinibay/contracts';
import { stepsOf } from './plan.js';
import { desiredState, isRefusedWhileScheduled, type OperationKind } from './registry.js';
import { doneFor, mayPass, retriedKind, saidAgain, staysInError } from './retrying.js';

describe('a retry', () => {
  it.each<[string, 'built' | 'unbuilt' | 'uncopied', OperationKind]>([
    ['RUNNING', 'built', 'START_VM'],
    ['RUNNING', 'unbuilt', 'CREATE_VM'],
    // Somebody has tried to start it since.
    ['RUNNING', 'uncopied', 'CREATE_VM'],
    ['STOPPED', 'built', 'SHUTDOWN_VM'],
    ['STOPPED', 'uncopied', 'CLONE_VM'],
    ['STOPPED', 'unbuilt', 'SHUTDOWN_VM'],
    // Nobody waits for its disk any more.
    ['FORCED_OFF', 'uncopied', 'FORCE_OFF_VM'],
    ['PAUSED', 'built', 'SUSPEND_VM'],
    ['DELETED', 'built', 'DELETE_VM'],
    ['DELETED', 'uncopied', 'DELETE_VM'],
  ])('of a VM that shall be %s and is %s does %s', (desired, disk, kind) => {
    const vm = { desired: desiredState(desired), isBuilt: disk === 'built', isClone: disk === 'uncopied' };
    expect(retriedKind(vm)).toBe(kind);
    expect(doneFor('RETRY_VM', { retries: kind })).toBe(kind);
    expect(stepsOf('RETRY_VM', { retries: kind })).toEqual(stepsOf(kind));
  });

  it('is what it was asked for, where it says nothing that is known, and another operation always is', () => {
    for (const parameters of [{}, { retries: 'PAINT_VM' }]) expect(doneFor('RETRY_VM', parameters)).toBe('RETRY_VM');
    expect(doneFor('START_VM', { retries: 'DELETE_VM' })).toBe('START_VM');
    expect(isRefusedWhileScheduled('RETRY_VM')).toBe(true);
  });

  it('says again how it was to be done, of the same wish or the same making alone', () => {
    const forced = { kind: 'SHUTDOWN_VM', parameters: { force: true, timeoutSeconds: 5 } } as const;
    expect(saidAgain(forced, 'SHUTDOWN_VM')).toEqual(forced.parameters);
    const retried = { kind: 'RETRY_VM', parameters: { ...forced.parameters, retries: forced.kind } } as const;
    expect(saidAgain(retried, 'SHUTDOWN_VM')).toEqual(forced.parameters);
    expect(saidAgain(forced, 'START_VM')).toEqual({});
    const booted = { kind: 'START_VM', parameters: { discardSavedMemory: true } } as const;
    // One that was started before it had its disk.
    expect(saidAgain(booted, 'CREATE_VM')).toEqual(booted.parameters);
    expect(saidAgain({ kind: 'CLONE_VM', parameters: { start: true } }, 'CLONE_VM')).toEqual({ start: true });
    expect(saidAgain({ kind: 'CLONE_VM', parameters: { start: true } }, 'SHUTDOWN_VM')).toEqual({});
    // The volumes that go along are marked as such since.
    expect(saidAgain({ kind: 'DELETE_VM', parameters: { deleteVolumes: true } }, 'DELETE_VM')).toEqual({});
  });

  it.each<[ErrorCode, boolean]>([
    ['HOST_UNAVAILABLE', true],
    ['HYPERVISOR_ERROR', true],
    ['DEADLINE_EXCEEDED', true],
    ['DISK_MISSING', true],
    ['STORAGE_UNAVAILABLE', true],
    ['POOL_FULL', true],
    ['IMAGE_MISSING', true],
    ['IMAGE_NOT_FOUND', true],
    // Of its host: somebody has undefined it between two looks.
    ['VM_NOT_FOUND', true],
    ['CLONE_SOURCE_UNUSABLE', true],
    ['NETWORK_NOT_FOUND', false],
    ['INVALID_INPUT', false],
    ['SUSPENDED_GUEST_LOST', false],
    ['REVERT_UNFINISHED', false],
  ])('may help after %s: %s', (code, may) => {
    expect(mayPass(code)).toBe(may);
    expect(mayPass('OF_A_NEWER_VERSION')).toBe(true);
  });

  it('is not begun where it would hide what is wrong', () => {
    expect(['SUSPENDED_GUEST_LOST', 'REVERT_UNFINISHED'].every(staysInError)).toBe(true);
    expect(['NETWORK_NOT_FOUND', 'DISK_MISSING', 'OF_A_NEWER_VERSION'].some(staysInError)).toBe(false);
  });
});
