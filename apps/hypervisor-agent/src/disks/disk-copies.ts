import { DomainError } from '@infinibay/contracts';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { JoinedWorks } from '../work/joined-work.js';

/** Each reads and writes a disk as fast as the storage lets it; guests need the storage too. */
const AT_ONCE = 2;

interface Copy {
  readonly sourceVmId: string;
  readonly stop: AbortController;
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

  begin(vmId: string, sourceVmId: string, work: CopyWork): Promise<void> {
    const copy: Copy = { sourceVmId, stop: new AbortController(), ended: Promise.resolve(), percent: 0 };
    this.copies.set(vmId, copy);
    const done = work(copy.stop.signal, (percent) => (copy.percent = percent)).finally(() => {
      if (this.copies.get(vmId) === copy) this.copies.delete(vmId);
    });
    copy.ended = done.catch(() => undefined);
    return done;
  }

  /** Of what is being copied for a VM; 0 when nothing is. */
  percentFor(vmId: string): number {
    return this.copies.get(vmId)?.percent ?? 0;
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
