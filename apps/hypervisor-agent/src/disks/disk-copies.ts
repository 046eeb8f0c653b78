import { DomainError } from '@infinibay/contracts';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { JoinedWorks } from '../work/joined-work.js';

/** Each reads and writes a disk as fast as the storage lets it; guests need the storage too. */
const AT_ONCE = 2;

/** Whoever wants a copy asks for it each few seconds, and again when it comes back: it is begun anew then. */
const UNASKED_MS = 1_800_000;

/** A disk that is read, and what its copy takes up at most. */
export interface CopiedDisk {
  readonly sourceVmId: string;
  readonly bytes: number;
}

interface Copy extends CopiedDisk {
  readonly stop: AbortController;
  /** Ends it when nobody asks after it any more. */
  readonly unasked: NodeJS.Timeout;
  /** Resolves when it has ended, however that was. */
  ended: Promise<unknown>;
  percent: number;
}

/** How a copy is made: until it is told to stop, and telling how far it is. */
export type CopyWork = (signal: AbortSignal, tell: (percent: number) => void) => Promise<void>;

/**
 * Disks that are being copied, by the VM that each is for. Whose disk is read must neither start nor lose it nor have
 * anything done to its snapshots; QEMU's locks of the files would refuse that too, but not say why.
 */
@Injectable()
export class DiskCopies extends JoinedWorks implements OnApplicationShutdown {
  private readonly copies = new Map<string, Copy>();

  constructor() {
    super(AT_ONCE);
  }

  begin(vmId: string, disk: CopiedDisk, work: CopyWork): Promise<void> {
    const stop = new AbortController();
    const unasked = setTimeout(() => {
      stop.abort();
    }, UNASKED_MS);
    const copy: Copy = { ...disk, stop, unasked, ended: Promise.resolve(), percent: 0 };
    this.copies.set(vmId, copy);
    const done = work(stop.signal, (percent) => (copy.percent = percent)).finally(() => {
      clearTimeout(unasked);
      if (this.copies.get(vmId) === copy) this.copies.delete(vmId);
    });
    copy.ended = done.catch(() => undefined);
    return done;
  }

  /** Somebody wants to know how much is copied for a VM; 0 when nothing is. */
  askedAfter(vmId: string): number {
    const copy = this.copies.get(vmId);
    copy?.unasked.refresh();
    return copy?.percent ?? 0;
  }

  /** The same in bytes of what its copy takes up at most; none when nothing is copied. */
  progressOf(vmId: string): { readonly copiedBytes: number; readonly totalBytes: number } {
    const percent = this.askedAfter(vmId);
    const totalBytes = this.copies.get(vmId)?.bytes ?? 0;
    return { copiedBytes: Math.floor((totalBytes * percent) / 100), totalBytes };
  }

  /** What copies that are under way may take up yet. */
  get promisedBytes(): number {
    return [...this.copies.values()].reduce((sum, { bytes, percent }) => sum + bytes * (1 - percent / 100), 0);
  }

  /** @throws DomainError VM_BUSY while the disk of the VM is read */
  requireNoneOf(vmId: string): void {
    for (const { sourceVmId } of this.copies.values())
      if (sourceVmId === vmId) throw new DomainError('VM_BUSY', { vmId, reason: 'its disk is being copied' });
  }

  /** Ends what is being copied for a VM. Nothing is written any more then. */
  async cancel(vmId: string): Promise<void> {
    const copy = this.copies.get(vmId);
    copy?.stop.abort();
    await copy?.ended;
    this.forget(vmId);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.copies.keys()].map((vmId) => this.cancel(vmId)));
  }
}
