import { DomainError, type RequestOf, type moveVolume } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { StoragePools, type HostPool } from './storage-pools.js';
import { VolumeAttachments } from './volume-attachments.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeFileCopy } from './volume-file-copy.js';
import { VolumeGuestCopy } from './volume-guest-copy.js';
import { VolumeLeftovers } from './volume-leftovers.js';
import { VolumePivots } from './volume-pivots.js';
import { VolumePlaces, movedTo } from './volume-places.js';
import { VolumeRoom } from './volume-room.js';
import { VolumeService, volumeStorageError } from './volume.service.js';

/** As long as the service vms waits for it. */
const MOVE_TIMEOUT_MS = 14_400_000;
const CLEANING_MS = 30_000;

type Asked = RequestOf<typeof moveVolume>;

interface Move {
  readonly volumeId: string;
  readonly from: HostPool;
  readonly to: HostPool;
  readonly capacityBytes: number;
  /** Whose guest has it, and under which name; null: none. */
  readonly guest: { readonly vmId: string; readonly target: string } | null;
}

/** Moves volumes between the pools of the host. Where one is, is one record: it changes when the other file is whole. */
@Injectable()
export class VolumeMoving {
  constructor(
    private readonly pools: StoragePools,
    private readonly places: VolumePlaces,
    private readonly volumes: VolumeService,
    private readonly attachments: VolumeAttachments,
    private readonly copies: VolumeCopies,
    private readonly room: VolumeRoom,
    private readonly files: VolumeFileCopy,
    private readonly guests: VolumeGuestCopy,
    private readonly pivots: VolumePivots,
    private readonly leftovers: VolumeLeftovers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call within the gate of the volume. @throws DomainError POOL_NOT_FOUND, POOL_FULL, VOLUME_BUSY and the problems of volumes */
  async begin(asked: Asked, deadline: Deadline): Promise<{ readonly work: Promise<void> }> {
    const { volumeId, poolName, reservePercent } = asked;
    const to = this.pools.get(poolName);
    await this.pivots.settle(volumeId, deadline);
    if (this.places.of(volumeId).pool === poolName) return { work: this.tidy(volumeId) };
    const isGoneOnWith = this.isCopiedTo(volumeId, to);
    if (!isGoneOnWith) await this.leftovers.clean(volumeId, deadline);
    const move = await this.plan(asked, to, deadline);
    const { bytes, available } = await this.room.look(volumeId, move.from, to);
    deadline.check();
    // Nothing is waited for between: who comes at the same time finds this one's room promised.
    if (!isGoneOnWith) this.room.require(volumeId, { bytes, available, reservePercent });
    const copied = { sourceVmId: volumeId, bytes };
    return { work: this.copies.begin(volumeId, copied, (signal, tell) => this.move(move, signal, tell)) };
  }

  /** What an attempt before has begun takes up its room already. */
  private isCopiedTo(volumeId: string, { name }: HostPool): boolean {
    const { other, phase } = this.places.of(volumeId);
    return other === name && (phase === 'COPYING' || phase === 'PIVOTING');
  }

  private async plan({ volumeId, vmId }: Asked, to: HostPool, deadline: Deadline): Promise<Move> {
    const from = this.pools.holding(this.places.of(volumeId).pool);
    await this.pools.requireApart(from, to);
    const capacityBytes = await this.volumes.requireSound(volumeId, vmId !== null);
    if (vmId === null) return { volumeId, from, to, capacityBytes, guest: null };
    const disk = await this.attachments.liveDisk(vmId, from.files.pathOf(volumeId), deadline);
    if (disk === undefined) throw new DomainError('VOLUME_BUSY', { volumeId, vmId, reason: 'its VM is off' });
    return { volumeId, from, to, capacityBytes, guest: { vmId, target: disk.target } };
  }

  private async move(move: Move, stop: AbortSignal, tell: (percent: number) => void): Promise<void> {
    const { volumeId, from, to, guest } = move;
    const about = { volumeId, from: from.name, to: to.name, isLive: guest !== null };
    const signal = AbortSignal.any([stop, AbortSignal.timeout(MOVE_TIMEOUT_MS)]);
    const started = performance.now();
    try {
      await this.copy(move, signal, tell);
    } catch (error) {
      this.logger.warn({ ...about, err: error }, 'volume not moved; it is where it was');
      throw volumeStorageError(volumeId, error);
    }
    this.logger.info({ ...about, durationMs: Math.round(performance.now() - started) }, 'volume moved');
    await this.tidy(volumeId);
  }

  private async copy(move: Move, signal: AbortSignal, tell: (percent: number) => void): Promise<void> {
    const { volumeId, from, to, guest, capacityBytes } = move;
    const { phase } = this.places.of(volumeId);
    const isAsked = guest !== null && phase === 'PIVOTING';
    await this.places.keep(volumeId, {
      pool: from.name,
      other: to.name,
      phase: isAsked ? 'PIVOTING' : 'COPYING',
      vmId: guest?.vmId ?? null,
    });
    if (guest !== null) return this.guests.run({ volumeId, to, capacityBytes, ...guest }, signal, tell);
    await this.files.run({ volumeId, source: from.files.pathOf(volumeId), to, capacityBytes }, signal, tell);
    await this.places.keep(volumeId, movedTo(to.name, from.name));
  }

  /** It is where it shall be. What can't be removed elsewhere now is tried again until it is. */
  private async tidy(volumeId: string): Promise<void> {
    try {
      await this.leftovers.clean(volumeId, Deadline.after(CLEANING_MS));
    } catch (error) {
      this.logger.warn({ volumeId, err: error }, 'what is left of the volume elsewhere is not removed yet');
    }
  }
}
