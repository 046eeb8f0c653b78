import {
  inspectDisk,
  inspectSavedMemory,
  inspectSizes,
  inspectVm,
  type ObservedSizes,
  type ReplyOf,
} from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import type { Step } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { STEPS } from '../actions/index.js';
import type { Preparation, StepOutcome } from '../actions/step.js';
import type { Vm } from '../generated/prisma/client.js';
import { VmCloudInitRepository } from '../vms/vm-cloud-init.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';
import type { Reading } from './reading.js';

/** What a worker sees of a VM's host, and does there and elsewhere for it. */
@Injectable()
export class HostClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly cloudInits: VmCloudInitRepository,
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

  inspectSizes(vm: Pick<Vm, 'id' | 'hostId'>): Promise<ObservedSizes> {
    return this.requests.call(inspectSizes, { vmId: vm.id }, { hostId: vm.hostId });
  }

  perform(
    step: Step,
    { vm, open, volumes, snapshots }: Reading,
    fence: number,
    preparation: Preparation,
  ): Promise<StepOutcome> {
    const target = { vmId: vm.id, fence };
    const asked = { operationId: open?.id ?? null, parameters: open?.parameters ?? {} };
    const { requests } = this;
    const cloudInit = () => this.cloudInits.find(vm.id);
    const { reservePercent } = this.options;
    const known = { vm, target, on: { hostId: vm.hostId }, requests, volumes, snapshots, cloudInit, reservePercent };
    return STEPS[step]({ ...known, preparation, ...asked });
  }
}
