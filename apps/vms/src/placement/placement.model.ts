import { can } from '@infinibay/access-domain';
import type { Actor } from '@infinibay/contracts';
import { ListSize, PageInfo } from '@infinibay/platform-graphql';
import { RULE_NAMES } from '@infinibay/vms-domain';
import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from '@nestjs/graphql';
import { Failure, Vm } from '../vms/vm.model.js';
import { MAX_KEPT_HOSTS, type PlacementRecord } from './placement.record.js';

@ObjectType({
  description:
    'What hosts were compared by: with packet filters first, then what placement groups prefer, then most memory, then fewest vCPUs for each CPU',
})
export class PlacementScore {
  @Field(() => Boolean, { description: 'Whether packet filters can be applied there' })
  filters!: boolean;

  @Field(() => Int, {
    description:
      'Other VMs of PREFERRED placement groups that would have it otherwise: on this host that shall be apart, or elsewhere that shall be together',
  })
  unmetPreferences!: number;

  @Field(() => Int, { description: 'MiB that the host could still promise before this VM' })
  freeMib!: number;

  @Field(() => Float, { description: 'vCPUs promised to other VMs for each CPU of the host, before this VM' })
  vcpusPerCpu!: number;
}

@ObjectType({ description: 'What was found about one host' })
export class ConsideredHost {
  @Field(() => ID, { description: 'Id of the host, also when it is gone since' })
  hostId!: string;

  @Field(() => Boolean, { description: 'Whether it could take the VM' })
  accepted!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'The first rule that refused it: host-online, host-in-maintenance, memory, image-present, nwfilter, hardware-unknown, machine-unknown, no-uefi, no-secure-boot, no-tpm, cpu-model-unknown, tuning-unknown, host-cpu-unknown, numa-node-unknown, numa-node-memory, huge-pages, cpu, apart-from, together-with, memory-committed or cpu-committed',
  })
  refusedBy!: string | null;

  @Field(() => String, { nullable: true, description: 'What the refusal means, for people' })
  message!: string | null;

  @Field(() => Int, { nullable: true, description: 'How much the VM needs of what the rule measures' })
  needed!: number | null;

  @Field(() => Int, { nullable: true, description: 'How much of it was there' })
  available!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Of memory-committed and cpu-committed: how much of what it has the host may promise; see setHostOvercommit',
  })
  ratio!: number | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Of apart-from and together-with: the placement group, also when it is gone since',
  })
  placementGroupId!: string | null;

  @Field(() => PlacementScore, {
    nullable: true,
    description: 'For administrators; null for a host that was refused',
  })
  score!: PlacementScore | null;
}

@ObjectType({ description: 'How many hosts one rule refused' })
export class PlacementRefusal {
  @Field(() => String, { description: 'Name of the rule, as in ConsideredHost.refusedBy' })
  rule!: string;

  @Field(() => Int, { description: 'Hosts that it refused first' })
  hosts!: number;
}

@ObjectType({ description: 'Why a host was chosen for a virtual machine, or why none could be' })
export class Placement {
  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it was decided; null for a dry run' })
  decidedAt!: Date | null;

  @Field(() => Int, { description: 'How many hosts were considered' })
  hostCount!: number;

  @ListSize(RULE_NAMES.length)
  @Field(() => [PlacementRefusal], { description: 'How many of them each rule refused' })
  refusals!: PlacementRefusal[];

  @ListSize(MAX_KEPT_HOSTS)
  @Field(() => [ConsideredHost], {
    description: `The hosts, the chosen one first, at most ${MAX_KEPT_HOSTS}. Administrators see all of these; members of departments see the chosen one without its score`,
  })
  hostsConsidered!: ConsideredHost[];
}

@ObjectType({ description: 'Where one virtual machine of a dry run would go' })
export class ExplainedVm {
  @Field(() => String, { description: 'Its name, as asked' })
  name!: string;

  @Field(() => Failure, { nullable: true, description: 'Why it could not be placed; null when it could' })
  error!: Failure | null;

  @Field(() => Placement, { nullable: true, description: 'null when its input was refused before hosts were asked' })
  placement!: Placement | null;

  // Not a field of the API: what the field resolver needs.
  hostId!: string | null;
}

@ObjectType({ description: 'What would become of one virtual machine if its host failed' })
export class DisplacedVm {
  @Field(() => Vm, { description: 'The virtual machine' })
  vm!: Vm;

  @Field(() => Placement, { description: 'What was found about each other host' })
  placement!: Placement;

  // Not a field of the API: what the field resolver needs.
  hostId!: string | null;
}

@ObjectType({ description: 'A page of what would become of the virtual machines of a host that fails' })
export class DisplacedVmConnection {
  @Field(() => [DisplacedVm], { description: 'In the order of the ids of the virtual machines' })
  nodes!: DisplacedVm[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => Int, { description: 'How many of all of them no other host could take' })
  unplacedCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}

/** What other hosts have and what is promised on them is the operators' business, as with Host. */
export const toPlacement = (record: PlacementRecord, actor: Actor): Placement => {
  const whole = can(actor, 'administer', { kind: 'host', departmentId: null });
  const [first] = record.verdicts;
  const shown = whole ? record.verdicts : first?.refusal === null ? [first] : [];
  return {
    decidedAt: record.decidedAt,
    hostCount: record.hostCount,
    refusals: record.refusals.map((count) => ({ ...count })),
    hostsConsidered: shown.map(({ hostId, refusal, score }) => ({
      hostId,
      accepted: refusal === null,
      refusedBy: refusal?.rule ?? null,
      message: refusal?.message ?? null,
      needed: refusal?.needed ?? null,
      available: refusal?.available ?? null,
      ratio: refusal?.ratio ?? null,
      placementGroupId: refusal?.groupId ?? null,
      score: whole && score !== null ? { ...score } : null,
    })),
  };
};
