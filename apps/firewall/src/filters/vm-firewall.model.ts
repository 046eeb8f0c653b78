import { FilterDifference as Difference, FilterStatus, MAX_FILTER_DIFFERENCES } from '@infinibay/contracts';
import { ListSize } from '@infinibay/platform-graphql';
import { Field, GraphQLISODateTime, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { z } from 'zod';

/** As they are stored. */
export const FilterDifferences = z.array(Difference).max(MAX_FILTER_DIFFERENCES);
type FilterDifferences = z.infer<typeof FilterDifferences>;

/** What people see: also that the host does something else than was applied. */
const VmFirewallStatus = z.enum([...FilterStatus.options, 'DRIFTED']);

registerEnumType(VmFirewallStatus.enum, {
  name: 'FilterStatus',
  description:
    'PENDING: a change is on its way, or the VM was started and its new cards are being compared. APPLIED: the host enforces it. DRIFTED: somebody changed what the host enforces, see differences; it is being repaired. FAILED: the host does not enforce it, see errorCode; it is tried again. UNSUPPORTED: the driver has no packet filter',
});

@ObjectType({ description: "What a host's packet filter is and should not be, or the reverse" })
export class FilterDifference {
  @Field(() => String, {
    description:
      'Where: iptables/<table>/<chain>, ebtables/<table>/<chain>, nft/<family>/<table>[/<chain>], tc/<device>/<place>, xdp/<device>, link/<device>, bridge/<device>/<flag>, sysctl/<name>, libvirt/nwfilter/<name> or libvirt/interface/<mac>',
  })
  path!: string;

  @Field(() => String, { nullable: true, description: 'What should be there; null: nothing' })
  expected!: string | null;

  @Field(() => String, { nullable: true, description: 'What is there; null: nothing' })
  actual!: string | null;
}

@ObjectType({ description: 'How far the packet filter of a VM is' })
export class VmFirewall {
  @Field(() => VmFirewallStatus.enum, { description: 'How far it is' })
  status!: z.infer<typeof VmFirewallStatus>;

  @Field(() => Int, { description: 'Grows with every change of the rules that hold for the VM' })
  revision!: number;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When the host applied it last' })
  appliedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why it could not be applied; null when it could' })
  errorCode!: string | null;

  @ListSize(MAX_FILTER_DIFFERENCES)
  @Field(() => [FilterDifference], {
    description: 'What the host was found to do otherwise, the first 50; empty while it does what it should',
  })
  differences!: FilterDifferences;

  @Field(() => Int, { description: 'How many differences there are, also those that are left out' })
  differenceCount!: number;

  /** Not a field: what `kernelRules` is read with. */
  vmId!: string;
}
