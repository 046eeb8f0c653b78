import { DomainError } from '@infinibay/contracts';
import { disksOf } from '@infinibay/libvirt-xml';
import type { Domain } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import type { Deadline } from '../work/deadline.js';
import { StoragePools } from './storage-pools.js';
import { VolumePlaces, movedTo, type VolumePlace } from './volume-places.js';

/** A place that a guest may have left. */
type CopiedPlace = VolumePlace & { readonly vmId: string; readonly other: string };

const isCopiedByGuest = (place: VolumePlace): place is CopiedPlace =>
  (place.phase === 'COPYING' || place.phase === 'PIVOTING') && place.vmId !== null && place.other !== null;

/** A write that is on both files is at most so much later on one of them. */
const LATER_MS = 1_000;

/** What a guest says of the two files that its volume is in. */
interface Seen {
  /** It still writes to both: nothing is decided. */
  readonly isCopying: boolean;
  readonly isOn: boolean;
  readonly files: readonly (string | undefined)[];
}

/** Which of two places a guest has its volume in: libvirt knows, and writes it into the definition too. */
@Injectable()
export class VolumePivots {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly pools: StoragePools,
    private readonly places: VolumePlaces,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Before the definition of a VM is written anew or forgotten, which would be the end of what it tells. */
  async settleOf(vmId: string, deadline: Deadline): Promise<void> {
    for (const [volumeId, place] of this.places.entries())
      if (place.phase === 'PIVOTING' && place.vmId === vmId) await this.settle(volumeId, deadline);
  }

  /** @throws DomainError HYPERVISOR_ERROR when nothing tells which it is: both files are kept then */
  async settle(volumeId: string, deadline: Deadline): Promise<void> {
    const place = this.places.of(volumeId);
    if (!isCopiedByGuest(place)) return;
    const old = this.pools.holding(place.pool).files.pathOf(volumeId);
    const fresh = this.pools.holding(place.other).files.pathOf(volumeId);
    const seen = await this.look(place.vmId, old, deadline);
    // Somebody has recorded something meanwhile: what was read is of before.
    if (this.places.of(volumeId) !== place) return this.settle(volumeId, deadline);
    const { isCopying, files } = seen;
    if (files.includes(fresh) || (!seen.isOn && files.includes(old) && (await this.wasLeft(volumeId, place)))) {
      await this.places.keep(volumeId, movedTo(place.other, place.pool));
      this.logger.info({ volumeId, from: place.pool, to: place.other }, 'the guest has its volume in the other pool');
    } else if (place.phase === 'PIVOTING' && !isCopying) {
      if (!files.includes(old))
        throw new DomainError('HYPERVISOR_ERROR', { volumeId, reason: 'nothing tells which of two files is its own' });
      await this.places.keep(volumeId, { ...place, phase: 'COPYING' });
    }
  }

  /**
   * Whether a guest that is off had changed over although its definition does not say so: libvirt may have died before it
   * wrote that down. Since it was asked, the guest has written to the other file alone.
   */
  private async wasLeft(volumeId: string, { phase, pool, other, askedAt }: CopiedPlace): Promise<boolean> {
    if (phase !== 'PIVOTING' || askedAt === undefined) return false;
    const [was, is] = [this.pools.holding(pool), this.pools.holding(other)];
    await Promise.all([was.mark.require(), is.mark.require()]);
    const [before, after] = await Promise.all([was.files.writtenAt(volumeId), is.files.writtenAt(volumeId)]);
    return after > askedAt && after - before > LATER_MS;
  }

  /** Whatever a guest has copied of the volume in a file is thrown away. None is success. */
  async endJob(vmId: string, file: string, deadline: Deadline): Promise<void> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined || isOff(await this.domains.power(domain, deadline))) return;
    const disk = (await this.disks(domain, deadline)).find((one) => one.file === file);
    if (disk === undefined || !(await this.hasJob(domain, file, deadline))) return;
    await this.hypervisor.use('end-disk-job', () =>
      domain.disk(disk.target).abortJob({ timeoutMs: deadline.timeoutMs() }),
    );
  }

  /** The job before the files: what has ended in between is seen in these. */
  private async look(vmId: string, old: string, deadline: Deadline): Promise<Seen> {
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined) return { isCopying: false, isOn: false, files: [] };
    const isOn = !isOff(await this.domains.power(domain, deadline));
    const isCopying = isOn && (await this.hasJob(domain, old, deadline));
    return { isCopying, isOn, files: (await this.disks(domain, deadline)).map(({ file }) => file) };
  }

  private async hasJob(domain: Domain, file: string, deadline: Deadline): Promise<boolean> {
    const disk = (await this.disks(domain, deadline)).find((one) => one.file === file);
    if (disk === undefined) return false;
    const read = () => domain.disk(disk.target).job({ timeoutMs: deadline.timeoutMs() });
    return (await this.hypervisor.use('read-disk-job', read)) !== null;
  }

  private async disks(domain: Domain, deadline: Deadline): Promise<ReturnType<typeof disksOf>> {
    return disksOf(await this.hypervisor.use('read-domain', () => domain.xmlDesc({ timeoutMs: deadline.timeoutMs() })));
  }
}
