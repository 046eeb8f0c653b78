import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import type { VolumeMove } from './move-plan.js';
import { VolumeFileCopy } from './volume-file-copy.js';
import { VolumeGuestCopy } from './volume-guest-copy.js';
import { VolumeLeftovers } from './volume-leftovers.js';
import { VolumePlaces, movedTo } from './volume-places.js';
import { volumeStorageError } from './volume.service.js';

/** As long as the service vms waits for it. */
const MOVE_TIMEOUT_MS = 14_400_000;
const CLEANING_MS = 30_000;

/** Copies a volume into another pool, and says that it is there when the copy is whole. */
@Injectable()
export class MoveWork {
  constructor(
    private readonly places: VolumePlaces,
    private readonly files: VolumeFileCopy,
    private readonly guests: VolumeGuestCopy,
    private readonly leftovers: VolumeLeftovers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param stop ends it: a program that copies is killed, what a guest copies is left to QEMU */
  async run(move: VolumeMove, stop: AbortSignal, tell: (percent: number) => void): Promise<void> {
    const { volumeId, from, to, guest } = move;
    const about = { volumeId, from: from.name, to: to.name, isLive: guest !== null };
    const signal = AbortSignal.any([stop, AbortSignal.timeout(MOVE_TIMEOUT_MS)]);
    const started = performance.now();
    try {
      await this.copy(move, signal, tell);
    } catch (error) {
      this.logger.warn({ ...about, err: error }, 'volume not moved');
      throw volumeStorageError(volumeId, error);
    }
    this.logger.info({ ...about, durationMs: Math.round(performance.now() - started) }, 'volume moved');
    await this.tidy(volumeId);
  }

  /** It is where it shall be. What can't be removed elsewhere now is tried again until it is. */
  async tidy(volumeId: string): Promise<void> {
    try {
      await this.leftovers.clean(volumeId, Deadline.after(CLEANING_MS));
    } catch (error) {
      this.logger.warn({ volumeId, err: error }, 'what is left of the volume elsewhere is not removed yet');
    }
  }

  private async copy(move: VolumeMove, signal: AbortSignal, tell: (percent: number) => void): Promise<void> {
    const { volumeId, from, to, guest, capacityBytes } = move;
    // A guest that was asked to change over may have done so: that is not forgotten before libvirt has told.
    const place = this.places.of(volumeId);
    // It has come about since it was looked at.
    if (place.pool !== from.name) return;
    if (guest === null || place.phase !== 'PIVOTING') {
      const vmId = guest?.vmId ?? null;
      await this.places.keep(volumeId, { pool: from.name, other: to.name, phase: 'COPYING', vmId });
    }
    if (guest !== null) return this.guests.run({ volumeId, to, capacityBytes, ...guest }, signal, tell);
    await this.files.run({ volumeId, source: from.files.pathOf(volumeId), to, capacityBytes }, signal, tell);
    await this.places.keep(volumeId, movedTo(to.name, from.name));
  }
}
