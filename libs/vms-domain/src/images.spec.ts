import { describe, expect, it } from '@jest/globals';
import { IMAGE_OPERATIONS, planImage } from './images.js';
import { KNOWN_OPERATION_KINDS, knownOperationKind } from './volumes.js';

describe('the plan of an image', () => {
  it('fetches what is to be imported, removes what is to go, and leaves the rest alone', () => {
    expect(planImage('IMPORTING')).toBe('import-image');
    expect(planImage('DELETING')).toBe('remove-image');
    for (const state of ['READY', 'FAILED', 'DELETED', 'of a newer version']) expect(planImage(state)).toBeNull();
  });

  it('has kinds of operations that are known', () => {
    for (const kind of Object.keys(IMAGE_OPERATIONS)) {
      expect(KNOWN_OPERATION_KINDS).toContain(kind);
      expect(knownOperationKind(kind)).toBe(kind);
    }
  });
});
