import { DomainError, MAX_TAGS, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { databaseNow } from '@infinibay/platform-persistence';
import { isUuid, type MutationEffect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { changesBetween, updatedEvent, type VmFacts } from '../vms/vm-facts.js';
import { VmMetadataRepository } from '../vms/vm-metadata.repository.js';
import type { Vm } from '../vms/vm.model.js';
import { VmRepository } from '../vms/vm.repository.js';
import { ChangeableVms } from './changeable-vms.js';
import { DescribeVm, RenameVm, SetVmDeletionProtection, VmTags } from './vm-metadata.inputs.js';

interface Asked {
  readonly idempotencyKey: string;
  readonly vmId: string;
}

/** What people call a VM, say of it and allow to be done to it. Nothing of it is an operation: it holds with the commit. */
@Injectable()
export class VmMetadataService {
  constructor(
    private readonly change: Change,
    private readonly changeable: ChangeableVms,
    private readonly vms: VmRepository,
    private readonly metadata: VmMetadataRepository,
  ) {}

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED, NAME_TAKEN */
  rename(actor: Actor, rawInput: unknown): Promise<Vm> {
    const input = validateInput(RenameVm, rawInput);
    return this.alter(actor, 'renameVm', input, (facts) => ({ ...facts, name: input.name }));
  }

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED */
  describe(actor: Actor, rawInput: unknown): Promise<Vm> {
    const input = validateInput(DescribeVm, rawInput);
    return this.alter(actor, 'describeVm', input, (facts) => ({ ...facts, description: input.description }));
  }

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED, TAG_LIMIT_REACHED */
  tag(actor: Actor, rawInput: unknown): Promise<Vm> {
    const input = validateInput(VmTags, rawInput);
    return this.alter(actor, 'tagVm', input, (facts) => {
      const tags = [...new Set([...facts.tags, ...input.tags])].sort();
      if (tags.length > MAX_TAGS) throw new DomainError('TAG_LIMIT_REACHED', { maximum: MAX_TAGS });
      return { ...facts, tags };
    });
  }

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED */
  untag(actor: Actor, rawInput: unknown): Promise<Vm> {
    const input = validateInput(VmTags, rawInput);
    const kept = (tag: string): boolean => !input.tags.includes(tag);
    return this.alter(actor, 'untagVm', input, (facts) => ({ ...facts, tags: facts.tags.filter(kept) }));
  }

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED */
  setDeletionProtection(actor: Actor, rawInput: unknown): Promise<Vm> {
    const input = validateInput(SetVmDeletionProtection, rawInput);
    const { deletionProtected } = input;
    return this.alter(actor, 'setVmDeletionProtection', input, (facts) => ({ ...facts, deletionProtected }));
  }

  /** Under the lock of the VM: what comes at once is done one after the other, also a deletion. */
  private alter(
    actor: Actor,
    operation: string,
    { idempotencyKey: key, ...input }: Asked,
    next: (facts: VmFacts) => VmFacts,
  ): Promise<Vm> {
    if (!isUuid(input.vmId)) throw new DomainError('VM_NOT_FOUND');
    const show = (vmId: string): Promise<Vm> => this.changeable.show(actor, vmId);
    return this.change.commit({ actor, operation, key, input, resourceKind: 'vm', show }, async (tx) => {
      const vm = await this.changeable.lock(tx, actor, 'update', input.vmId);
      return this.put(tx, vm, next);
    });
  }

  /** What is so already is not written, and nobody is told of it. */
  private async put(tx: Transaction, vm: VmRow, next: (facts: VmFacts) => VmFacts): Promise<MutationEffect<string>> {
    const done = { answer: vm.id, resourceId: vm.id };
    const { name, deletionProtected } = vm;
    const before: VmFacts = { name, deletionProtected, ...(await this.metadata.find(tx, vm.id)) };
    const after = next(before);
    const changed = changesBetween(before, after);
    if (changed.length === 0) return { ...done, events: [] };
    if (changed.includes('name')) await this.vms.rename(tx, vm.id, after.name);
    await this.vms.update(tx, vm.id, {
      deletionProtected: after.deletionProtected,
      updatedAt: await databaseNow(tx),
    });
    await this.metadata.put(tx, vm.id, after.name, after);
    return { ...done, events: [updatedEvent(vm, changed, after)] };
  }
}
