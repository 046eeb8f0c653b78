import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_POOL, PoolName, Uuid } from '@infinibay/contracts';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { isMissing } from '../work/missing-file.js';
import { RecordStore } from '../work/record-store.js';

/**
 * Where a volume is, and where something of it may be beside.
 * - RESTS: nowhere else.
 * - COPYING: it is in `pool`; what is in `other` is not the volume, whatever it says of itself.
 * - PIVOTING: its guest was asked to go on in `other`. Which of the two it has is to be read from libvirt.
 * - MOVED: it is in `pool`; what is in `other` is nothing of it any more.
 */
export const VolumePlace = z.object({
  pool: PoolName,
  other: PoolName.nullable(),
  phase: z.enum(['RESTS', 'COPYING', 'PIVOTING', 'MOVED']),
  vmId: Uuid.nullable().describe('Whose guest copies it'),
  askedAt: z.number().optional().describe('Epoch milliseconds when its guest was asked to go on in `other`'),
});
export type VolumePlace = z.infer<typeof VolumePlace>;

export const restingIn = (pool: string): VolumePlace => ({ pool, other: null, phase: 'RESTS', vmId: null });

/** What is left when the other place counts from now on. */
export const movedTo = (pool: string, other: string): VolumePlace => ({ pool, other, phase: 'MOVED', vmId: null });

/**
 * In which pool each volume of this host is: on disk before anything is made there, and in one record with what is left
 * elsewhere, so that there is one answer at any time. Those of which nothing is recorded are where they always were.
 */
@Injectable()
export class VolumePlaces implements OnModuleInit {
  private readonly known = new Map<string, VolumePlace>();
  private readonly queue = new KeyedQueue();
  private readonly folder: string;
  private readonly records: RecordStore<VolumePlace>;

  constructor(@Inject(AGENT_CONFIG) { STATE_DIR }: AgentConfig) {
    this.folder = join(STATE_DIR, 'volume-places');
    this.records = new RecordStore(this.folder, VolumePlace);
  }

  async onModuleInit(): Promise<void> {
    for (const volumeId of await this.stored()) {
      const place = await this.records.last(volumeId);
      if (place !== undefined) this.known.set(volumeId, place);
    }
  }

  of(volumeId: string): VolumePlace {
    return this.known.get(volumeId) ?? restingIn(DEFAULT_POOL);
  }

  /** Those that have or had a place of their own. */
  entries(): [string, VolumePlace][] {
    return [...this.known];
  }

  /** Those who work on a volume and on its VM may come at once: one writes after the other. */
  keep(volumeId: string, place: VolumePlace): Promise<void> {
    return this.queue.run(volumeId, async () => {
      await this.records.keep(volumeId, place);
      this.known.set(volumeId, place);
    });
  }

  forget(volumeId: string): Promise<void> {
    return this.queue.run(volumeId, async () => {
      await this.records.forget(volumeId);
      this.known.delete(volumeId);
    });
  }

  private async stored(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter((name) => Uuid.safeParse(name).success);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}
