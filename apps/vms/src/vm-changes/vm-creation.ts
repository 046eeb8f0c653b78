import type { Actor, EventEnvelope } from '@infinibay/contracts';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { cloudInitOver, type CloudInit } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { isDisc } from '../catalog/usable-image.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { GroupMemberRepository } from '../placement-groups/group-member.repository.js';
import { createdEvent } from '../vms/vm.events.js';
import { changesBetween, updatedEvent, type VmFacts } from '../vms/vm-facts.js';
import { VmCloudInitRepository } from '../vms/vm-cloud-init.repository.js';
import { columnsOf } from '../vms/vm-spec.js';
import { VmRepository, type NewVm } from '../vms/vm.repository.js';
import { NeighbourChecks } from './neighbour-checks.js';
import { SpecChanges } from './spec-changes.js';
import type { CreateVm } from './vm.inputs.js';
import type { Placement } from './vm.placement.js';

/** A new VM, with what is declared of it. */
export interface Made {
  readonly vm: VmRow;
  readonly events: EventEnvelope[];
}

/** What every new VM says of where it comes from. */
type OfOrigin = 'departmentId' | 'networkId' | 'wantedNetworkId' | 'templateId' | 'templateVersion';

/** What of a new VM is not where it goes and how large it is. */
interface Declared {
  readonly said: VmFacts;
  readonly cloudInit: CloudInit | null;
  readonly columns: Pick<NewVm, OfOrigin> & Partial<NewVm>;
}

/** From what a client asks for to the row of a new VM. */
@Injectable()
export class VmCreation {
  constructor(
    private readonly vms: VmRepository,
    private readonly specs: SpecChanges,
    private readonly neighbours: NeighbourChecks,
    private readonly cloudInits: VmCloudInitRepository,
    private readonly members: GroupMemberRepository,
  ) {}

  /** As NeighbourChecks says. */
  selectNetwork(actor: Actor, input: Pick<CreateVm, 'departmentId' | 'networkId'>): Promise<string | null> {
    return this.neighbours.selectNetwork(actor, input);
  }

  /**
   * @param networkId null when it is not known yet
   * @throws DomainError NAME_TAKEN, and what VmAdmission throws
   */
  async make(tx: Transaction, actor: Actor, input: CreateVm, networkId: string | null): Promise<Made> {
    const place = await this.specs.place(tx, input);
    const { template } = place;
    const { name, description, tags, departmentId, networkId: wantedNetworkId, templateId } = input;
    const ofTemplate = { templateId, templateVersion: template?.number ?? null };
    const autostart = input.autostart ?? template?.spec.autostart ?? false;
    const installed = isDisc(place.image) ? { isDiskEmpty: true, cdromImageId: place.image.id } : {};
    const made = await this.write(tx, actor, place, {
      said: { name, description: description ?? '', tags: tags ?? [], deletionProtected: false },
      cloudInit: cloudInitOver(template?.cloudInit ?? null, input.cloudInit),
      columns: { departmentId, networkId, wantedNetworkId, ...ofTemplate, autostart, ...installed },
    });
    await this.members.add(tx, made.vm.id, input.placementGroupIds ?? []);
    return made;
  }

  /** @throws DomainError NAME_TAKEN */
  async write(tx: Transaction, actor: Actor, place: Placement, { said, cloudInit, columns }: Declared): Promise<Made> {
    const now = await databaseNow(tx);
    const vm = await this.vms.create(tx, said, {
      id: newId(),
      ownerId: actor.userId,
      imageId: place.image.id,
      hostId: place.hostId,
      ...columnsOf(place),
      reservedMib: place.maxMemoryMib - place.memoryMib,
      diskBytes: place.diskBytes,
      hardware: { ...place.hardware },
      reconcileAt: now,
      ...columns,
    });
    await this.specs.declareFirst(tx, vm, place);
    await this.cloudInits.put(tx, vm.id, cloudInit, now);
    const unsaid: VmFacts = { ...said, description: '', tags: [] };
    const changed = changesBetween(unsaid, said);
    // The event of a creation has no words for it: it is told as a change.
    return { vm, events: [createdEvent(vm), ...(changed.length === 0 ? [] : [updatedEvent(vm, changed, said)])] };
  }
}
