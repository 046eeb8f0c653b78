import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { databaseNow } from '@infinibay/platform-persistence';
import { isUuid, type MutationEffect } from '@infinibay/platform-subgraph';
import type { CloudInit } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { updatedEvent } from '../vms/vm-facts.js';
import { VmCloudInitRepository } from '../vms/vm-cloud-init.repository.js';
import { VmMetadataRepository } from '../vms/vm-metadata.repository.js';
import type { Vm } from '../vms/vm.model.js';
import { VmRepository } from '../vms/vm.repository.js';
import { ChangeableVms } from './changeable-vms.js';
import { SetVmCloudInit } from './cloud-init.inputs.js';

/** What cloud-init finds in a VM. No operation: nothing is done before the next start, which shows it to the guest. */
@Injectable()
export class VmCloudInitService {
  constructor(
    private readonly change: Change,
    private readonly changeable: ChangeableVms,
    private readonly vms: VmRepository,
    private readonly cloudInits: VmCloudInitRepository,
    private readonly metadata: VmMetadataRepository,
  ) {}

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED, VM_MEMORY_SAVED */
  set(actor: Actor, rawInput: unknown): Promise<Vm> {
    const { idempotencyKey: key, ...input } = validateInput(SetVmCloudInit, rawInput);
    if (!isUuid(input.vmId)) throw new DomainError('VM_NOT_FOUND');
    const show = (vmId: string): Promise<Vm> => this.changeable.show(actor, vmId);
    const asked = { actor, operation: 'setVmCloudInit', key, input, resourceKind: 'vm', show };
    return this.change.commit(asked, async (tx) => {
      const vm = await this.changeable.lock(tx, actor, 'operate', input.vmId);
      // Its CD-ROM is part of the machine whose memory is kept.
      if (vm.savedBytes !== null) throw new DomainError('VM_MEMORY_SAVED');
      return this.put(tx, vm, input.cloudInit);
    });
  }

  /** The event tells that it changed, and nothing of it. */
  private async put(tx: Transaction, vm: VmRow, wanted: CloudInit | null): Promise<MutationEffect<string>> {
    const done = { answer: vm.id, resourceId: vm.id };
    const now = await databaseNow(tx);
    if (!(await this.cloudInits.put(tx, vm.id, wanted, now))) return { ...done, events: [] };
    await this.vms.update(tx, vm.id, { updatedAt: now });
    const { name, deletionProtected } = vm;
    const facts = { name, deletionProtected, ...(await this.metadata.find(tx, vm.id)) };
    return { ...done, events: [updatedEvent(vm, ['cloud-init'], facts)] };
  }
}
