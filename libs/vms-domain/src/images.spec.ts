import { describe, expect, it } from '@jest/globals';
import { IMAGE_OPERATIONS, planImage, uploadPercent } from './images.js';
import { KNOWN_OPERATION_KINDS, knownOperationKind } from './volumes.js';

describe('the plan of an image', () => {
  it('fetches what is to be imported, takes what is uploaded, removes what is to go, and leaves the rest alone', () => {
    expect(planImage('IMPORTING')).toBe('import-image');
    expect(planImage('UPLOADING')).toBe('receive-image');
    expect(planImage('DELETING')).toBe('remove-image');
    for (const state of ['READY', 'FAILED', 'DELETED', 'of a newer version']) expect(planImage(state)).toBeNull();
  });

  it('counts what has come of an upload, and tells all of it only when it is kept', () => {
    expect([0, 1, 499, 500, 1_000].map((bytes) => uploadPercent(bytes, 1_000))).toEqual([0, 0, 49, 50, 99]);
  });

  it('has kinds of operations that are known', () => {
    for (const kind of Object.keys(IMAGE_OPERATIONS)) {
      expect(KNOWN_OPERATION_KINDS).toContain(kind);
      expect(knownOperationKind(kind)).toBe(kind);
    }
  });
});
