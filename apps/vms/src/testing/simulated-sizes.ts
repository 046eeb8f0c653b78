import {
  resizeDefinition,
  resizeLive,
  type DomainSizes,
  type ObservedSizes,
  type VmNic,
  type VmSizes,
} from '@infinibay/contracts';
import { SimulatedCdrom } from './simulated-cdroms.js';
import { SimulatedLinks, type OnVm, type Serve } from './simulated-links.js';

const KIB = 1_024;

/** How large a simulated domain is: its definition, what runs, and how willing its guest is. */
export class SimulatedSizes {
  definition: DomainSizes | null = null;
  live: DomainSizes | null = null;
  readonly links = new SimulatedLinks();
  readonly cdrom = new SimulatedCdrom();
  /** The guest gives nothing back, and takes nothing. */
  isDeaf = false;

  observed(): ObservedSizes {
    return { definition: this.definition, live: this.live };
  }

  define({ vcpus, memoryMib, nics }: Pick<VmSizes, 'vcpus' | 'memoryMib'> & { readonly nics: readonly VmNic[] }): void {
    this.links.define(nics);
    this.cdrom.define();
    this.resizeDefinition({ vcpus, maxVcpus: vcpus, memoryMib, maxMemoryMib: memoryMib });
  }

  resizeDefinition({ vcpus, maxVcpus, memoryMib, maxMemoryMib }: VmSizes): ObservedSizes {
    this.definition = { vcpus, maxVcpus, memoryKib: memoryMib * KIB, maxMemoryKib: maxMemoryMib * KIB };
    return this.observed();
  }

  /** As QEMU does: what was there at the start stays, and memory moves up to what it started with. */
  resizeLive({ vcpus, memoryMib }: VmSizes): ObservedSizes {
    const { live } = this;
    if (live === null || this.isDeaf) return this.observed();
    this.live = {
      ...live,
      vcpus: vcpus > live.maxVcpus || vcpus < live.vcpus ? live.vcpus : vcpus,
      memoryKib: memoryMib * KIB > live.maxMemoryKib ? live.memoryKib : memoryMib * KIB,
    };
    return this.observed();
  }

  /** What a power means for what runs. */
  powered(isOn: boolean): void {
    if (isOn) this.live ??= this.definition;
    else this.live = null;
    this.links.powered(isOn);
    this.cdrom.powered(isOn);
  }
}

/** What the host answers about sizes, but to a look. */
export const serveSizes = (on: Serve, onVm: OnVm): void => {
  on(resizeDefinition, (request) =>
    onVm('resize-definition', request, (vm) => vm.sizes.resizeDefinition(request.sizes)),
  );
  on(resizeLive, (request) => onVm('resize-live', request, (vm) => vm.sizes.resizeLive(request.sizes)));
};
