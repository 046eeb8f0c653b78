import { Injectable } from '@nestjs/common';
import type { Deadline } from '../work/deadline.js';
import { MovePlan, type AskedMove } from './move-plan.js';
import { MoveWork } from './move-work.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeLeftovers } from './volume-leftovers.js';
import { VolumePlaces } from './volume-places.js';
import { VolumeRoom } from './volume-room.js';

/** Moves volumes between the pools of the host. Call within the gate of the volume. */
@Injectable()
export class VolumeMoving {
  constructor(
    private readonly plan: MovePlan,
    private readonly room: VolumeRoom,
    private readonly copies: VolumeCopies,
    private readonly moves: MoveWork,
    private readonly leftovers: VolumeLeftovers,
    private readonly places: VolumePlaces,
  ) {}

  /** @throws DomainError POOL_NOT_FOUND, POOL_FULL, VOLUME_BUSY and the problems of volumes */
  async begin(asked: AskedMove, deadline: Deadline): Promise<{ readonly work: Promise<void> }> {
    const { volumeId, reservePercent } = asked;
    const stand = await this.plan.stand(asked, deadline);
    if (stand === 'THERE') return { work: this.moves.tidy(volumeId) };
    if (stand === 'AWAY') await this.leftovers.clean(volumeId, deadline);
    const move = await this.plan.make(asked, deadline);
    const { bytes, available } = await this.room.look(volumeId, move.from, move.to);
    deadline.check();
    // Nothing is waited for between: who comes at the same time finds this one's room promised. What was begun before has
    // its room already.
    if (stand === 'AWAY') this.room.require(volumeId, { bytes, available, reservePercent });
    const copied = { sourceVmId: volumeId, bytes };
    return { work: this.copies.begin(volumeId, copied, (signal, tell) => this.moves.run(move, signal, tell)) };
  }

  /** Whatever is under way ends, and what was copied is removed; unless it had come about. None is success. */
  async abort(volumeId: string, deadline: Deadline): Promise<void> {
    await this.copies.cancel(volumeId);
    try {
      await this.leftovers.clean(volumeId, deadline);
    } catch (error) {
      // It is known where the volume is; the rest is tried again by the watch.
      if (this.places.of(volumeId).phase !== 'MOVED') throw error;
    }
  }
}
