import {
  DomainError,
  ensureBlankDisk,
  inspectCdrom,
  setCdrom,
  type CdromFinding,
  type ObservedCdrom,
} from '@infinibay/contracts';
import type { OnVm, Serve } from './simulated-links.js';
import type { SimulatedVm } from './neighbours.js';

/** What a drive holds; null: nothing. */
interface Drive {
  readonly imageId: string | null;
}

/** The CD drive of a simulated domain. */
export class SimulatedCdrom {
  definition: Drive | null = null;
  live: Drive | null = null;
  /** The guest keeps the tray closed. */
  isLocked = false;
  private isOn = false;

  observed(imageId: string | null): ObservedCdrom {
    const finding = (drive: Drive | null): CdromFinding => {
      if (drive === null) return 'NO_DRIVE';
      return drive.imageId === imageId ? 'AS_ASKED' : 'OTHER';
    };
    return { definition: finding(this.definition), live: this.isOn ? finding(this.live) : null };
  }

  /** A definition that was just written has none. */
  define(): void {
    this.definition = null;
  }

  set(of: 'definition' | 'live', imageId: string | null): ObservedCdrom {
    if (of === 'definition') this.definition = { imageId };
    else if (this.live !== null && this.live.imageId !== imageId) {
      if (this.isLocked) throw new DomainError('CDROM_LOCKED');
      this.live = { imageId };
    }
    return this.observed(imageId);
  }

  /** What a power means for what runs. */
  powered(isOn: boolean): void {
    if (isOn && !this.isOn) this.live = this.definition;
    if (!isOn) this.live = null;
    this.isOn = isOn;
  }
}

/** What the host answers about CD drives, and about disks that begin empty. @param cdromOf that of a VM */
export const serveCdroms = (on: Serve, onVm: OnVm, cdromOf: (vmId: string) => SimulatedCdrom): void => {
  on(inspectCdrom, ({ vmId, imageId }) => Promise.resolve(cdromOf(vmId).observed(imageId)));
  on(setCdrom, (request) =>
    onVm('set-cdrom', request, ({ sizes: { cdrom } }) => cdrom.set(request.of, request.imageId)),
  );
  on(ensureBlankDisk, (request) =>
    onVm('ensure-blank-disk', request, (vm: SimulatedVm) => {
      const created = !vm.disk;
      if (created) vm.disksMade += 1;
      vm.disk = true;
      return { created };
    }),
  );
};
