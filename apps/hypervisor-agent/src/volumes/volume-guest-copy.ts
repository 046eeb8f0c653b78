import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@infinibay/contracts';
import { volumeDiskXml } from '@infinibay/libvirt-xml';
import type { BlockJob, Disk } from '@infinibay/libvirt';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { encodeVolumeIdentity } from '../disks/disk-identity.js';
import { writeDisk } from '../disks/linked-clone.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import type { HostPool } from './storage-pools.js';
import { VolumePivots } from './volume-pivots.js';
import { VolumePlaces } from './volume-places.js';
import { VolumeService } from './volume.service.js';

const LOOK_MS = 500;
const CALL_MS = 30_000;
const MIB = 1_048_576;
/** All of it is told of when the guest runs on the other file, and not before. */
const ALMOST = 99;
/** With less, what the copy failed of was room. */
const NO_ROOM_BYTES = 16_777_216;

export interface GuestCopy {
  readonly volumeId: string;
  readonly vmId: string;
  /** Name of the disk in the guest's domain. */
  readonly target: string;
  readonly to: HostPool;
  readonly capacityBytes: number;
}

/** Copies a volume under the guest that runs on it: QEMU writes to both until it goes on in the other file alone. */
@Injectable()
export class VolumeGuestCopy {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly gate: VmGate,
    private readonly places: VolumePlaces,
    private readonly pivots: VolumePivots,
    private readonly volumes: VolumeService,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {}

  /**
   * To the end: the guest runs on the other file, and that is on record. A copy that an agent before has begun is gone on
   * with. Whoever ends it leaves the copy to QEMU.
   * @throws DomainError DEADLINE_EXCEEDED when it was ended, POOL_FULL, HYPERVISOR_ERROR
   */
  async run(copy: GuestCopy, signal: AbortSignal, tell: (percent: number) => void): Promise<void> {
    if ((await this.jobOf(copy)) === null) {
      // Asked to change over before: what has just ended may be that. Nothing is written over before libvirt has told.
      if (this.places.of(copy.volumeId).phase === 'PIVOTING') return this.ended(copy);
      await this.begin(copy);
    }
    while (!signal.aborted) {
      const job = await this.jobOf(copy);
      if (job === null) return this.ended(copy);
      if (job.end > 0 && job.current >= job.end) return this.pivot(copy);
      tell(Math.min(ALMOST, Math.floor((100 * job.current) / Math.max(1, job.end))));
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
    throw new DomainError('DEADLINE_EXCEEDED', { volumeId: copy.volumeId });
  }

  /**
   * Into a file that says which volume it is. A write of the guest ends when it is on both, so that the copy comes to its
   * end however much the guest writes.
   */
  private async begin({ volumeId, vmId, target, to, capacityBytes }: GuestCopy): Promise<void> {
    await to.mark.require();
    await to.files.removeUnfinished(volumeId);
    const path = to.files.pathOf(volumeId);
    await writeDisk(path, { identity: encodeVolumeIdentity({ volumeId }), capacityBytes });
    const flags = { reuseExternal: true, transientJob: true, synchronousWrites: true, timeoutMs: CALL_MS };
    const xml = volumeDiskXml(volumeId, path, target);
    const bandwidth = this.config.VOLUME_MOVE_MIB_PER_SECOND * MIB;
    const tuning = bandwidth === 0 ? {} : { bandwidth };
    try {
      await this.onDisk('copy-disk', vmId, target, (disk) => disk.copy(xml, tuning, flags));
    } catch (error) {
      // A job of an attempt before may be on the file that was just replaced: nobody may change over to that.
      const end = (disk: Disk): Promise<void> => disk.abortJob({ timeoutMs: CALL_MS });
      await this.onDisk('end-disk-job', vmId, target, end).catch(() => undefined);
      throw error;
    }
  }

  /**
   * In turn with what is done to the VM: nobody forgets its definition between this and its record. What libvirt says
   * decides, whatever the call answers.
   */
  private async pivot({ volumeId, vmId, target, to }: GuestCopy): Promise<void> {
    const pivot = async (): Promise<void> => {
      await this.places.keep(volumeId, { ...this.places.of(volumeId), phase: 'PIVOTING', askedAt: Date.now() });
      let refused: unknown = new DomainError('HYPERVISOR_ERROR', { volumeId, reason: 'the guest did not change over' });
      try {
        await this.onDisk('pivot-disk', vmId, target, (disk) => disk.abortJob({ pivot: true, timeoutMs: CALL_MS }));
      } catch (error) {
        refused = error;
      }
      await this.pivots.settle(volumeId, Deadline.after(CALL_MS));
      if (this.places.of(volumeId).pool !== to.name) throw refused;
    };
    await this.gate.unfenced(vmId, pivot);
  }

  /** The job is over, and libvirt says what came of it. */
  private async ended(copy: GuestCopy): Promise<void> {
    await this.pivots.settle(copy.volumeId, Deadline.after(CALL_MS));
    if (this.places.of(copy.volumeId).pool !== copy.to.name) throw await this.failure(copy);
  }

  private jobOf({ vmId, target }: GuestCopy): Promise<BlockJob | null> {
    return this.onDisk('read-disk-job', vmId, target, (disk) => disk.job({ timeoutMs: CALL_MS }));
  }

  private onDisk<T>(call: string, vmId: string, target: string, work: (disk: Disk) => Promise<T>): Promise<T> {
    return this.hypervisor.use(call, ({ domains }) => work(domains.handle(vmId).disk(target)));
  }

  private async failure({ volumeId, to }: GuestCopy): Promise<DomainError> {
    const { availableBytes } = await this.volumes.observe(to);
    if (availableBytes < NO_ROOM_BYTES) return new DomainError('POOL_FULL', { volumeId, availableBytes });
    return new DomainError('HYPERVISOR_ERROR', { volumeId, reason: 'the copy has ended before its end' });
  }
}
