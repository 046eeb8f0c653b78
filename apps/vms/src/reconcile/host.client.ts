import {
  inspectDisk,
  inspectPortLinks,
  inspectSavedMemory,
  inspectSizes,
  inspectVm,
  type ObservedLinks,
  type ObservedSizes,
  type ReplyOf,
} from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import type { DomainComparison, Step } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { unlessTooOld } from '../actions/agent-age.js';
import { STEPS } from '../actions/index.js';
import type { Preparation, StepOutcome } from '../actions/step.js';
import { Change } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import { VmCloudInitRepository } from '../vms/vm-cloud-init.repository.js';
import { linksOf, sizesOf } from '../vms/vm-spec.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';
import { standingDrift, type Reading } from './reading.js';

/** What a worker sees of a VM's host, and does there and elsewhere for it. */
@Injectable()
export class HostClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly cloudInits: VmCloudInitRepository,
    private readonly change: Change,
    private readonly copies: ImageCopyRepository,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
  ) {}

  inspect(vm: Vm): Promise<ReplyOf<typeof inspectVm>> {
    return this.requests.call(inspectVm, { vmId: vm.id }, { hostId: vm.hostId });
  }

  /** Whether memory of it is kept that its next start would bring back, whoever has kept it. */
  async hasSavedMemory(vm: Pick<Vm, 'id' | 'hostId'>): Promise<boolean> {
    return (await this.requests.call(inspectSavedMemory, { vmId: vm.id }, { hostId: vm.hostId })).isSaved;
  }

  inspectDisk(vm: Vm): Promise<ReplyOf<typeof inspectDisk>> {
    return this.requests.call(inspectDisk, { vmId: vm.id }, { hostId: vm.hostId });
  }

  /** What of its spec the VM is on its host. */
  async compare({ vm, open }: Pick<Reading, 'vm' | 'open'>): Promise<DomainComparison> {
    const [have, links] = await Promise.all([this.inspectSizes(vm), this.inspectLinks(vm)]);
    const standing = standingDrift({ vm, open });
    return { want: sizesOf(vm), have, links: { want: linksOf(vm), have: links }, standing };
  }

  private inspectSizes({ id: vmId, hostId }: Vm): Promise<ObservedSizes> {
    return this.requests.call(inspectSizes, { vmId }, { hostId });
  }

  /** null: the agent is too old to know of links. */
  private async inspectLinks({ id: vmId, hostId }: Vm): Promise<ObservedLinks | null> {
    const { requests } = this;
    const ask = () => requests.call(inspectPortLinks, { vmId }, { hostId });
    return (await unlessTooOld({ requests, vmId, hostId }, ask)) ?? null;
  }

  perform(
    step: Step,
    { vm, open, volumes, ports, snapshots, migration }: Reading,
    fence: number,
    preparation: Preparation,
  ): Promise<StepOutcome> {
    const target = { vmId: vm.id, fence };
    const standing = standingDrift({ vm, open });
    const asked = { operationId: open?.id ?? null, parameters: open?.parameters ?? {}, standing };
    const { requests } = this;
    const cloudInit = () => this.cloudInits.find(vm.id);
    const { imageId, hostId } = vm;
    const wanted = { imageId, hostId, operationId: asked.operationId };
    const imageHere = () => this.change.run(async (tx) => ({ answer: await this.copies.want(tx, wanted), events: [] }));
    const { reservePercent } = this.options;
    const around = { requests, volumes, ports, snapshots, migration, cloudInit, imageHere, reservePercent };
    return STEPS[step]({ vm, target, on: { hostId: vm.hostId }, ...around, preparation, ...asked });
  }
}
