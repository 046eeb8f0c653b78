import { DomainError, type DiskProblem, type ObservedVm } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { ImageStore } from '../images/image.store.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import type { ImageLookup } from './disk-files.js';
import { DiskService } from './disk.service.js';

const REMOVE_TIMEOUT_MS = 10_000;
/** Files that are read at the same time: the thread pool of node:fs is everybody's. */
const SIDE_BY_SIDE = 2;

export type ProblemOfVm = DiskProblem & { readonly vmId: string };

/** One look at the disks of all VMs. Costs a few reads of a file each, and starts no program. */
@Injectable()
export class DiskCheck {
  constructor(
    private readonly disks: DiskService,
    private readonly domains: DomainRepository,
    private readonly images: ImageStore,
    private readonly gate: VmGate,
  ) {}

  /** Also removes the disks whose removal waited for the storage. */
  async run(): Promise<ProblemOfVm[]> {
    const { made, toBeRemoved } = await this.disks.remembered();
    for (const vmId of toBeRemoved) await this.removeLate(vmId);
    return this.problemsOf(made, await this.domains.list());
  }

  /** A domain is defined on a disk that was made: its disk is looked at although this host may have forgotten it. */
  private async problemsOf(made: readonly string[], listed: readonly ObservedVm[]): Promise<ProblemOfVm[]> {
    const inUse = new Set(listed.filter(({ power }) => !isOff(power)).map(({ vmId }) => vmId));
    const images = this.lookupOnce();
    const waiting = [...new Set([...made, ...listed.map(({ vmId }) => vmId)])];
    const problems: ProblemOfVm[] = [];
    const work = async (): Promise<void> => {
      for (let vmId = waiting.pop(); vmId !== undefined; vmId = waiting.pop()) {
        const finding = await this.disks.inspect(vmId, inUse.has(vmId), images);
        if (finding.status !== 'SOUND') problems.push({ vmId, ...finding.problem });
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    return problems;
  }

  /** Many disks are made on few images: each image is looked up once a check. */
  private lookupOnce(): ImageLookup {
    const found = new Map<string, ReturnType<ImageLookup>>();
    return (imageId) => {
      const lookup = found.get(imageId) ?? this.images.find(imageId);
      found.set(imageId, lookup);
      return lookup;
    };
  }

  private async removeLate(vmId: string): Promise<void> {
    const deadline = Deadline.after(REMOVE_TIMEOUT_MS);
    try {
      await this.gate.unfenced(vmId, () => this.disks.remove(vmId, deadline), deadline);
    } catch (error) {
      // It is being copied: removed at one of the next looks, which the disks of others do not wait for.
      if (!(error instanceof DomainError) || error.code !== 'VM_BUSY') throw error;
    }
  }
}
