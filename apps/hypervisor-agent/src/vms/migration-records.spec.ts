import { describe, expect, it } from '@jest/globals';
import { mayBeEnded } from './migration-records.js';

describe('what stands still of a VM that belongs to another host', () => {
  it('is ended where it came, or has been seen to leave; a guest that runs never is', () => {
    const [target, left, source] = [
      { role: 'TARGET', hasLeft: false },
      { role: 'SOURCE', hasLeft: true },
      { role: 'SOURCE', hasLeft: false },
    ] as const;
    for (const record of [target, left, source]) expect(mayBeEnded(record, 'running')).toBe(false);
    expect([target, left, source].map((record) => mayBeEnded(record, 'paused'))).toEqual([true, true, false]);
  });
});
