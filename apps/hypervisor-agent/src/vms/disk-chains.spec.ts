import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { describe, expect, it } from '@jest/globals';
import type { DiskService } from '../disks/disk.service.js';
import type { limitedQemuImg } from '../images/limited-qemu-img.js';
import type { VolumeService } from '../volumes/volume.service.js';
import { Deadline } from '../work/deadline.js';
import { DiskChains } from './disk-chains.js';

const PATH = '/disks/volume.qcow2';
const LAYER = { filename: PATH, format: 'qcow2', 'virtual-size': 1_024 };
const volumes: Partial<VolumeService> = {
  inspect: () => Promise.resolve({ status: 'SOUND', capacityBytes: 1_024, allocationBytes: 512 }),
  pathOf: () => PATH,
};

/** Of a volume that is sound, with that in the place of qemu-img. */
class ChainsOfVolume extends DiskChains {
  constructor(protected override readonly qemuImg: typeof limitedQemuImg) {
    super({} as DiskService, volumes as VolumeService);
  }
}

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

  it('are read again for who has time left, when it was shared with somebody who had none', async () => {
    const sut = new ChainsOfVolume(() => Promise.resolve({ code: 0, output: JSON.stringify([LAYER]) }));
    const volumeId = randomUUID();
    const late = expect(sut.ofVolume(volumeId, new Deadline(0))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await sut.ofVolume(volumeId, Deadline.after(60_000))).toMatchObject([{ role: 'OWN', path: PATH }]);
    await late;
  });

  it('are not called unreadable when nobody had the time to read them', async () => {
    const deadline = Deadline.after(500);
    const sut = new ChainsOfVolume(async () => {
      await pollUntil(() => Promise.resolve(!deadline.leaves(0)), { timeoutMs: 60_000, what: 'the deadline' });
      throw new Error('killed');
    });
    await expect(sut.ofVolume(randomUUID(), deadline)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});
