import { ensureEmptyDisk, setCdrom, type CdromStatus, type DomainPower, type RequestOf } from '@infinibay/contracts';
import type { OnVm, Serve } from './simulated-links.js';

/** The CD-ROM drives of simulated VMs. */
export class SimulatedCdroms {
  /** What definitions have in a drive; one that is not here has none. */
  private readonly definitions = new Map<string, string>();
  /** What guests that run have in theirs; null: it is empty. */
  private readonly drives = new Map<string, string | null>();
  /** Guests keep their trays closed. */
  isHeld = false;

  /** In its definition and in the guest that runs; undefined: there is no drive. */
  of(vmId: string): { readonly defined: string | undefined; readonly live: string | null | undefined } {
    return { defined: this.definitions.get(vmId), live: this.drives.get(vmId) };
  }

  /** A definition that is written anew, or forgotten, has none. */
  defined(vmId: string): void {
    this.definitions.delete(vmId);
  }

  powered(vmId: string, power: DomainPower): void {
    const medium = this.definitions.get(vmId);
    if (power === 'off' || (power === 'running' && medium === undefined)) this.drives.delete(vmId);
    else if (power === 'running' && medium !== undefined) this.drives.set(vmId, medium);
  }

  serve(on: Serve, onVm: OnVm): void {
    on(ensureEmptyDisk, (request) =>
      onVm('ensure-empty-disk', request, (vm) => {
        if (!vm.disk) vm.disksMade += 1;
        return { created: !vm.disk && (vm.disk = true) };
      }),
    );
    on(setCdrom, (request) =>
      onVm('set-cdrom', request, ({ power }) => {
        const status = power === 'running' ? this.change(request) : 'OFF';
        const { vmId, imageId } = request;
        if (status !== 'HELD' && imageId === null) this.definitions.delete(vmId);
        if (status !== 'HELD' && imageId !== null) this.definitions.set(vmId, imageId);
        return { status };
      }),
    );
  }

  private change({ vmId, imageId }: RequestOf<typeof setCdrom>): CdromStatus {
    const medium = this.drives.get(vmId);
    if (medium === undefined) return imageId === null ? 'LIVE' : 'NEXT_START';
    if (medium === imageId) return 'LIVE';
    if (this.isHeld) return 'HELD';
    this.drives.set(vmId, imageId);
    return 'LIVE';
  }
}
