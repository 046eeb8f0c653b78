import { describe, expect, it } from '@jest/globals';
import {
  IMAGE_OPERATIONS,
  LONGEST_UPLOAD_MS,
  isUploadOver,
  planImage,
  sourceAfter,
  sourcesInTurn,
  uploadPercent,
} from './images.js';
import { KNOWN_OPERATION_KINDS, knownOperationKind } from './volumes.js';

describe('the plan of an image', () => {
  it('fetches what is to be imported, takes what is uploaded or on the host already, removes what is to go, and leaves the rest alone', () => {
    expect(planImage('IMPORTING')).toBe('import-image');
    expect(planImage('UPLOADING')).toBe('receive-image');
    expect(planImage('CAPTURING')).toBe('capture-image');
    expect(planImage('DELETING')).toBe('remove-image');
    for (const state of ['READY', 'FAILED', 'DELETED', 'of a newer version']) expect(planImage(state)).toBeNull();
  });

  it('counts what has come of an upload, and tells all of it only when it is kept', () => {
    expect([0, 1, 499, 500, 1_000].map((bytes) => uploadPercent(bytes, 1_000))).toEqual([0, 0, 49, 50, 99]);
  });

  it('gives an upload up when nobody goes on with it, not while its host looks at it, and at last in any case', () => {
    const idle = { ageMs: 0, isIdle: true, knownBytes: 400, receivedBytes: 400, sizeBytes: 1_000 };
    expect(isUploadOver(idle)).toBe(true);
    expect(isUploadOver({ ...idle, isIdle: false })).toBe(false);
    expect(isUploadOver({ ...idle, receivedBytes: 401 })).toBe(false);
    expect(isUploadOver({ ...idle, knownBytes: 1_000, receivedBytes: 1_000 })).toBe(false);
    const old = { ...idle, isIdle: false, receivedBytes: 401, ageMs: LONGEST_UPLOAD_MS };
    expect([isUploadOver(old), isUploadOver({ ...old, ageMs: old.ageMs + 1 })]).toEqual([false, true]);
  });

  it('goes on reading from the host that it began with, and from each in turn when one does not send', () => {
    const sources = ['c', 'a', 'b'];
    expect(sourcesInTurn(sources, null)).toEqual(['c', 'a', 'b']);
    expect(sourcesInTurn(sources, 'b')).toEqual(['b', 'c', 'a']);
    // It is away.
    expect(sourcesInTurn(sources, 'd')).toEqual(['c', 'a', 'b']);
    expect([null, 'a', 'b', 'c', 'd'].map((current) => sourceAfter(sources, current))).toEqual([
      'a',
      'b',
      'c',
      'a',
      'a',
    ]);
    expect([sourceAfter(['a'], 'a'), sourceAfter([], 'a')]).toEqual(['a', null]);
  });

  it('has kinds of operations that are known', () => {
    for (const kind of Object.keys(IMAGE_OPERATIONS)) {
      expect(KNOWN_OPERATION_KINDS).toContain(kind);
      expect(knownOperationKind(kind)).toBe(kind);
    }
  });
});
