import { DomainError, type DiskLayer } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { DiskHeader } from '../disks/disk-header.js';
import { diskError } from '../disks/disk-problem.js';
import { DiskService } from '../disks/disk.service.js';
import { limitedQemuImg } from '../images/limited-qemu-img.js';
import { volumeError } from '../volumes/volume-files.js';
import { VolumeService } from '../volumes/volume.service.js';
import type { Deadline } from '../work/deadline.js';
import { SharedReads } from '../work/shared-reads.js';
import { layersIn, type ExpectedChain } from './chain-layers.js';

/** Each starts a program; the host has more to do. */
const AT_ONCE = 2;
const LONGEST_MS = 10_000;
/** A timer may be this early. */
const TIMER_MS = 2;
/** Force-shared: a guest that runs has locked it. The format of what is below stands in its header: none is guessed. */
const INFO = ['info', '--backing-chain', '--output=json', '-U', '-f', 'qcow2'];

/** Which disk or volume it is, for who reads of the failure. */
type About = Readonly<Record<string, string>>;

/** What disks consist of, as QEMU reads them. qemu-img opens no file of which its header was not looked at before. */
@Injectable()
export class DiskChains {
  /** A spec has its own. */
  protected readonly qemuImg: typeof limitedQemuImg = limitedQemuImg;
  private readonly reads = new SharedReads<DiskLayer[] | undefined>(AT_ONCE);

  constructor(
    private readonly disks: DiskService,
    private readonly volumes: VolumeService,
  ) {}

  /**
   * Of the own disk of a VM.
   * @throws DomainError the problems of disks, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR, DEADLINE_EXCEEDED
   */
  async ofDisk(vmId: string, deadline: Deadline): Promise<DiskLayer[]> {
    const finding = await this.disks.inspect(vmId, true);
    if (finding.status !== 'SOUND') throw diskError(vmId, finding.problem);
    const image = imageOf(await this.disks.headerOf(vmId));
    // What the header names is told as the image: it has to be the header of the file that was found sound.
    if (!(await this.disks.isStill(vmId, finding.file))) throw new DomainError('DISK_REPLACED', { vmId });
    const layers = await this.read({ path: this.disks.pathOf(vmId), image }, { vmId }, deadline);
    if (layers === undefined) throw new DomainError('DISK_REPLACED', { vmId });
    return layers;
  }

  /** The same of a volume, which reads from nothing. @throws DomainError the problems of volumes, and the same */
  async ofVolume(volumeId: string, deadline: Deadline): Promise<DiskLayer[]> {
    const finding = await this.volumes.inspect(volumeId, true);
    if (finding.status !== 'SOUND') throw volumeError(volumeId, finding.problem);
    const layers = await this.read({ path: this.volumes.pathOf(volumeId), image: null }, { volumeId }, deadline);
    if (layers === undefined) throw new DomainError('VOLUME_REPLACED', { volumeId });
    return layers;
  }

  private async read(expected: ExpectedChain, about: About, deadline: Deadline): Promise<DiskLayer[] | undefined> {
    try {
      return await this.reads.run(expected.path, () => this.info(expected, about, deadline));
    } catch (error) {
      const isOutOfTime = error instanceof DomainError && error.code === 'DEADLINE_EXCEEDED';
      if (!isOutOfTime || !deadline.leaves(0)) throw error;
      // It was shared with somebody who had less time left.
      return this.read(expected, about, deadline);
    }
  }

  private async info(expected: ExpectedChain, about: About, deadline: Deadline): Promise<DiskLayer[] | undefined> {
    const timeoutMs = Math.ceil(deadline.timeoutMs(LONGEST_MS));
    try {
      const answer = await this.qemuImg([...INFO, expected.path], timeoutMs);
      if (answer === undefined)
        throw new DomainError('UNSUPPORTED_BY_DRIVER', { ...about, reason: 'the host has no qemu-img' });
      if (answer.code !== 0) throw unreadable(about);
      return layersIn(answer.output, expected);
    } catch (error) {
      if (error instanceof DomainError) throw error;
      // It waited for its turn, and was ended for want of the caller's time: that says nothing of the file.
      if (!deadline.leaves(TIMER_MS)) throw new DomainError('DEADLINE_EXCEEDED', about, { cause: error });
      throw unreadable(about, error);
    }
  }
}

/** A file that was found sound reads from its image, or from nothing. */
const imageOf = (header: DiskHeader | undefined): ExpectedChain['image'] =>
  header?.identity === undefined || header.backingFile === undefined
    ? null
    : { id: header.identity.imageId, path: header.backingFile };

const unreadable = (about: About, cause?: unknown): DomainError =>
  new DomainError('HYPERVISOR_ERROR', { ...about, reason: 'qemu-img cannot read it within its limits' }, { cause });
