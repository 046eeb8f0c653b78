import { VmState } from '../generated/prisma/enums.js';
import { ListSize, PageInfo, UserRef } from '@infinibay/platform-graphql';
import { Directive, Field, Float, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

import { PendingRestart, VmDrift, VmSpec } from './vm-revision.model.js';

registerEnumType(VmState, {
  name: 'VmState',
  description:
    'State of a virtual machine. BUILDING, STARTING, STOPPING and DELETING end by themselves; PAUSED stands still (see pauseReason); ERROR carries a reason (error), and ends by itself when that is a disk, image or storage that comes back; retryVm tries again at once.',
});

@ObjectType({ description: 'Why a virtual machine or an operation failed' })
export class Failure {
  @Field(() => String, { description: 'Stable error code; see docs/reference/errors.md' })
  code!: string;

  @Field(() => String, { description: 'For people' })
  message!: string;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Of a virtual machine in ERROR: whether retryVm may help, because the reason can pass (its host was away, its disk is back, a pool has room again). null of anything else',
  })
  isRetryable?: boolean | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Of a virtual machine in ERROR: since when it is, whatever its reasons were. null of anything else',
  })
  since?: Date | null;
}

@ObjectType({ description: 'That a virtual machine is going to be deleted: see softDeleteVm and undeleteVm' })
export class ScheduledDeletion {
  @Field(() => GraphQLISODateTime, {
    description:
      'It is deleted then, later while its host is away or in maintenance; undeleteVm takes it back until it is',
  })
  purgeAt!: Date;

  @Field(() => Boolean, { description: 'The volumes that are attached to it then are deleted as well' })
  deleteVolumes!: boolean;

  @Field(() => UserRef, {
    nullable: true,
    description: 'By whose right it is deleted; null when the caller may not see that user',
  })
  requestedBy!: UserRef | null;
}

@ObjectType({ description: 'A virtual machine' })
@Directive('@key(fields: "id")')
export class Vm {
  @Field(() => ID, { description: "UUID; also the domain's UUID in libvirt" })
  id!: string;

  @Field(() => String, {
    description: 'Unique among the living VMs of the department; the host name that the guest is given at its start',
  })
  name!: string;

  @Field(() => VmState)
  state!: VmState;

  @Field(() => String, {
    nullable: true,
    description:
      'Why it stands still, set in state PAUSED: user (suspendVm, or somebody paused it on the host), io-error (a write failed, for want of space above all; it runs on by itself when there is space again), watchdog, pmsuspended, …',
  })
  pauseReason!: string | null;

  @Field(() => Boolean, {
    description: 'The agent inside the guest has spoken since the VM started, and not fallen silent',
  })
  guestReady!: boolean;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When the agent first spoke since the VM started' })
  guestReadyAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Version of the agent inside the guest' })
  agentVersion!: string | null;

  @Field(() => Int)
  vcpus!: number;

  @Field(() => Int, { description: 'MiB' })
  memoryMib!: number;

  @Field(() => VmSpec, { description: 'What it is declared to be; see resizeVm' })
  spec!: VmSpec;

  @Field(() => Int, { description: 'The number of the revision that its spec is; see revisions' })
  revision!: number;

  @ListSize(10)
  @Field(() => [PendingRestart], {
    description:
      'What of its spec waits until it has been off; a restart inside the guest is not enough. Empty when nothing does',
  })
  pendingRestart!: PendingRestart[];

  @ListSize(26)
  @Field(() => [VmDrift], {
    description:
      'What somebody changed on its host, seen within 30 seconds. Nothing brings it back by itself: see repairVmDrift and acceptVmDrift. Empty when nothing differs',
  })
  drift!: VmDrift[];

  @Field(() => Int, {
    nullable: true,
    description:
      'The version of its template that it was made from, also when that is deleted; null when it was made without one, or by a vms from before versions',
  })
  templateVersion!: number | null;

  @Field(() => Float, { description: 'Virtual size of the disk in GiB' })
  diskGib!: number;

  @Field(() => Boolean, {
    description: 'deleteVm is refused with DELETION_PROTECTED; see setVmDeletionProtection',
  })
  deletionProtected!: boolean;

  @Field(() => Boolean, {
    description: 'It is started whenever its host has been booted, also when it was off; see setVmAutostart',
  })
  autostart!: boolean;

  @Field(() => Boolean, {
    description: 'Its memory is kept on its host while it is off, and startVm brings it back where it was; see saveVm',
  })
  hasSavedMemory!: boolean;

  @Field(() => ScheduledDeletion, { nullable: true, description: 'null: it is not going to be deleted' })
  scheduledDeletion!: ScheduledDeletion | null;

  @Field(() => Failure, { nullable: true, description: 'Set in state ERROR' })
  error!: Failure | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime)
  updatedAt!: Date;

  // Not fields of the API: what the field resolvers need.
  departmentId!: string;
  ownerId!: string;
  imageId!: string;
  cdromImageId!: string | null;
  templateId!: string | null;
  hostId!: string;
  hasDisk!: boolean;
}

@ObjectType({ description: 'A page of virtual machines' })
export class VmConnection {
  @Field(() => [Vm])
  nodes!: Vm[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  // Not a field: what the resolver of totalCount asks.
  count!: () => Promise<number>;
}
