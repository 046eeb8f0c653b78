import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { DiskService } from '../disks/disk.service.js';
import type { VolumeService } from '../volumes/volume.service.js';
import { Deadline } from '../work/deadline.js';
import { DiskChains } from './disk-chains.js';

/** test/chains.int-spec.ts has real files. */
describe(DiskChains, () => {
  it('tell nothing of a file that took the place of the one that was looked at', async () => {
    const looked: string[] = [];
    const disks: Partial<DiskService> = {
      inspect: () => Promise.resolve({ status: 'SOUND', capacityBytes: 1_024, file: 'looked at' }),
      headerOf: () => Promise.resolve(undefined),
      pathOf: () => '/nowhere',
      isStill: (_, file) => {
        looked.push(file);
        return Promise.resolve(false);
      },
    };
    const sut = new DiskChains(disks as DiskService, {} as VolumeService);
    await expect(sut.ofDisk(randomUUID(), Deadline.after(60_000))).rejects.toMatchObject({ code: 'DISK_REPLACED' });
    expect(looked).toEqual(['looked at']);
  });
});
