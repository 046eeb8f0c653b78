import {
  DomainError,
  attachVm,
  defineVm,
  detachVm,
  ensureDisk,
  findDepartments,
  forceOffVm,
  inspectDisk,
  inspectVm,
  protectVm,
  removeDisk,
  resumeVm,
  selectNetwork,
  shutdownVm,
  startVm,
  undefineVm,
  unprotectVm,
  type ReplyOf,
  type VmNic,
} from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import type { Action } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Vm } from '../generated/prisma/client.js';

/** What a start gathers on its way: the card from networks, the filter from firewall. */
export interface Preparation {
  nic?: VmNic;
  filterName?: string | null;
}

/** Turns planned actions into commands to the services that own them. Each is idempotent. */
@Injectable()
export class HostClient {
  constructor(private readonly requests: RequestClient) {}

  inspect(vm: Vm): Promise<ReplyOf<typeof inspectVm>> {
    return this.requests.call(inspectVm, { vmId: vm.id }, { hostId: vm.hostId });
  }

  inspectDisk(vm: Vm): Promise<ReplyOf<typeof inspectDisk>> {
    return this.requests.call(inspectDisk, { vmId: vm.id }, { hostId: vm.hostId });
  }

  async perform(action: Action, vm: Vm, fence: number, preparation: Preparation): Promise<void> {
    const target = { vmId: vm.id, fence };
    const on = { hostId: vm.hostId };
    switch (action) {
      case 'attach-network':
        preparation.nic = await this.attach(vm, fence);
        return;
      case 'ensure-disk':
        await this.requests.call(
          ensureDisk,
          { ...target, imageId: vm.imageId, capacityBytes: Number(vm.diskBytes) },
          on,
        );
        return;
      case 'protect':
        preparation.filterName = await this.protect(vm, fence, cardOf(preparation));
        return;
      case 'define':
        await this.define(vm, fence, preparation);
        return;
      case 'start':
        await this.requests.call(startVm, target, on);
        return;
      case 'resume':
        await this.requests.call(resumeVm, target, on);
        return;
      case 'shutdown':
        await this.requests.call(shutdownVm, target, on);
        return;
      case 'force-off':
        await this.requests.call(forceOffVm, target, on);
        return;
      case 'undefine':
        await this.requests.call(undefineVm, target, on);
        return;
      case 'remove-disk':
        await this.requests.call(removeDisk, target, on);
        return;
      case 'unprotect':
        await this.requests.call(unprotectVm, { ...target, hostId: vm.hostId });
        return;
      case 'detach-network':
        await this.requests.call(detachVm, { ...target, hostId: vm.hostId });
    }
  }

  private async attach(vm: Vm, fence: number): Promise<VmNic> {
    const { id: vmId, departmentId, hostId, name: hostname } = vm;
    const networkId = vm.networkId ?? (await this.selectNetwork(vm));
    return (await this.requests.call(attachVm, { vmId, departmentId, networkId, hostId, hostname, fence })).nic;
  }

  /** What could not be asked when the VM was accepted. @throws DomainError DEPARTMENT_NOT_FOUND, NETWORK_NOT_FOUND, NETWORK_REQUIRED */
  private async selectNetwork({ departmentId, wantedNetworkId }: Vm): Promise<string> {
    const { departments } = await this.requests.call(findDepartments, { departmentIds: [departmentId] });
    if (departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND');
    return (await this.requests.call(selectNetwork, { departmentId, networkId: wantedNetworkId })).networkId;
  }

  private async protect(vm: Vm, fence: number, { mac, address }: VmNic): Promise<string | null> {
    const { id: vmId, departmentId, hostId } = vm;
    const reply = await this.requests.call(protectVm, { vmId, departmentId, hostId, nics: [{ mac, address }], fence });
    if (reply.status === 'FAILED' || reply.status === 'PENDING') {
      throw new DomainError('HYPERVISOR_ERROR', { reason: 'the packet filter is not applied', status: reply.status });
    }
    return reply.filterName;
  }

  private async define(vm: Vm, fence: number, preparation: Preparation): Promise<void> {
    const { id: vmId, departmentId, name, vcpus, memoryMib } = vm;
    const { filterName = null } = preparation;
    const spec = { vmId, departmentId, name, vcpus, memoryMib, nics: [cardOf(preparation)], filterName };
    await this.requests.call(defineVm, { fence, spec }, { hostId: vm.hostId });
  }
}

const cardOf = ({ nic }: Preparation): VmNic => {
  if (nic === undefined) throw new DomainError('INTERNAL', { reason: 'planned before the network was attached' });
  return nic;
};
