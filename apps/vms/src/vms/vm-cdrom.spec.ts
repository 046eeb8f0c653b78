import { describe, expect, it } from '@jest/globals';
import { pendingCdrom } from './vm-cdrom.js';

describe(pendingCdrom, () => {
  const row = { state: 'RUNNING', cdromImageId: 'i', cdromPending: true } as const;

  it('is what a guest that runs or stands still does not have in its drive', () => {
    for (const state of ['RUNNING', 'PAUSED', 'STOPPING'] as const)
      expect(pendingCdrom({ ...row, state })).toEqual([{ path: 'cdrom', declared: 'i', actual: null }]);
    expect(pendingCdrom({ ...row, cdromImageId: null })).toEqual([{ path: 'cdrom', declared: null, actual: null }]);
    expect(pendingCdrom({ ...row, cdromPending: false })).toEqual([]);
  });

  it('is nothing of a VM that is off: its next start has what is declared', () => {
    for (const state of ['STOPPED', 'ERROR', 'STARTING'] as const) expect(pendingCdrom({ ...row, state })).toEqual([]);
  });
});
