/** What VMs of a placement group want of each other: one host for all of them, or another one for each. */
export const GROUP_POLICIES = ['TOGETHER', 'APART'] as const;
export type GroupPolicy = (typeof GROUP_POLICIES)[number];

/** Whether a host that would go against that is refused, or comes after others. */
export const GROUP_STRICTNESSES = ['REQUIRED', 'PREFERRED'] as const;
export type GroupStrictness = (typeof GROUP_STRICTNESSES)[number];

export const MAX_GROUPS_OF_DEPARTMENT = 100;
export const MAX_MEMBERS_OF_GROUP = 100;
export const MAX_GROUPS_OF_VM = 8;

/** A VM of a group. */
export interface GroupMember {
  /** null: it is not made yet. */
  readonly vmId: string | null;
  /** Where it is. One on its way to another host is on both: it may end on either. */
  readonly hostIds: readonly string[];
}

/** A placement group as the scheduler sees it. */
export interface VmGroup {
  readonly id: string;
  readonly policy: GroupPolicy;
  readonly strictness: GroupStrictness;
  /** Those that are somewhere. */
  readonly members: readonly GroupMember[];
}

/** A VM with the groups that it is in. */
export interface Grouped {
  /** null: it is not made yet. Where it is itself says nothing of where it may go. */
  readonly vmId: string | null;
  readonly groups: readonly VmGroup[];
}

const isOn = ({ hostIds }: GroupMember, hostId: string): boolean => hostIds.includes(hostId);
const staysOn = ({ hostIds }: GroupMember, hostId: string): boolean => hostIds.every((id) => id === hostId);

const isOther = (member: GroupMember, vmId: string | null): boolean => vmId === null || member.vmId !== vmId;
const othersOf = ({ members }: VmGroup, vmId: string | null): readonly GroupMember[] =>
  members.filter((member) => isOther(member, vmId));

/**
 * Whether the group is no more broken with the VM there than without it: one that holds goes on holding, wherever those
 * end that are on their way. One that is broken already may be mended, and gets no worse.
 */
const allows = ({ policy, members }: VmGroup, vmId: string | null, hostId: string): boolean => {
  // Without a list of the others: this is asked of each host for each group, of a thousand VMs when a host is drained.
  if (policy === 'APART') return !members.some((member) => isOn(member, hostId) && isOther(member, vmId));
  const stays = members.some((member) => staysOn(member, hostId) && isOther(member, vmId));
  return stays || !members.some((member) => isOther(member, vmId));
};

/** The first group that must not have the VM on a host. */
export const brokenGroup = (policy: GroupPolicy, hostId: string, { vmId, groups }: Grouped): VmGroup | undefined =>
  groups.find((group) => group.strictness === 'REQUIRED' && group.policy === policy && !allows(group, vmId, hostId));

/** How many other VMs of groups that prefer something would have it otherwise with the VM on a host. */
export const unmetPreferences = (hostId: string, { vmId, groups }: Grouped): number => {
  let unmet = 0;
  for (const { policy, strictness, members } of groups)
    if (strictness === 'PREFERRED')
      for (const member of members)
        if (isOn(member, hostId) === (policy === 'APART') && isOther(member, vmId)) unmet += 1;
  return unmet;
};

/** Whether VMs are otherwise than their group wants them. @param hostIds where each of them is */
export const isViolated = (policy: GroupPolicy, hostIds: readonly string[]): boolean => {
  const hosts = new Set(hostIds).size;
  return policy === 'APART' ? hosts < hostIds.length : hosts > 1;
};

/** The group when a VM is on a host, wherever it was. */
export const withMember = (group: VmGroup, vmId: string | null, hostId: string): VmGroup => ({
  ...group,
  members: [...othersOf(group, vmId), { vmId, hostIds: [hostId] }],
});

/** The group when a host is lost: what was there is nowhere. */
export const withoutHost = (group: VmGroup, hostId: string): VmGroup => ({
  ...group,
  members: group.members
    .map((member) => ({ ...member, hostIds: member.hostIds.filter((id) => id !== hostId) }))
    .filter(({ hostIds }) => hostIds.length > 0),
});
