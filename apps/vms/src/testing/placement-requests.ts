import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import type { ReplayRow } from '@infinibay/testing';
import { PrismaClient } from '../database.js';
import type { VmBench } from './vm-bench.js';

const GROUP = '{ id name policy strictness vmCount isViolated createdAt department { id } }';
const MUTATIONS = {
  createPlacementGroup: ['CreatePlacementGroupInput', GROUP],
  renamePlacementGroup: ['RenamePlacementGroupInput', GROUP],
  deletePlacementGroup: ['DeletePlacementGroupInput', GROUP],
  addVmToPlacementGroup: ['VmPlacementGroupInput', '{ id }'],
  removeVmFromPlacementGroup: ['VmPlacementGroupInput', '{ id }'],
  setHostOvercommit: [
    'SetHostOvercommitInput',
    '{ id overcommit { cpuRatio memoryRatio isCpuRatioOwn isMemoryRatioOwn } }',
  ],
} as const;

/** What is asked of placement groups, and of what hosts may promise. */
export const askOfPlacement = (
  bench: VmBench,
  name: keyof typeof MUTATIONS,
  input: Record<string, unknown>,
  actor: Actor = bench.actor,
) => {
  const [type, result] = MUTATIONS[name];
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) ${result} }`;
  return bench.vms.ask(actor, query, { input: { idempotencyKey: randomUUID(), ...input } });
};

/** What is asked for unless a spec says otherwise: a group of the department of the bench. */
export const groupInput = (bench: VmBench, said: Record<string, unknown> = {}): Record<string, unknown> => ({
  departmentId: bench.departmentId,
  name: `Café ${randomUUID()}`,
  policy: 'APART',
  strictness: 'REQUIRED',
  ...said,
});

/** A group of the department of the bench, made by a member. @returns its id */
export const placementGroup = async (bench: VmBench, said: Record<string, unknown> = {}): Promise<string> => {
  const answer = await askOfPlacement(bench, 'createPlacementGroup', groupInput(bench, said));
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return (answer.data?.['createPlacementGroup'] as { id: string }).id;
};

/** How the mutations on groups, and what hosts may promise, are repeated. */
export const placementRows = (bench: VmBench): Readonly<Record<string, ReplayRow>> => {
  const database = (): PrismaClient => bench.vms.get<PrismaClient>(PrismaClient);
  const ofGroup = {
    select: GROUP,
    gone: () => database().placementGroup.deleteMany(),
    lost: ['PLACEMENT_GROUP_NOT_FOUND'],
  };
  const ofMember: ReplayRow = {
    select: '{ id }',
    input: async () => ({ vmId: await bench.created(), placementGroupId: await placementGroup(bench) }),
    gone: async ({ vmId }) => {
      await bench.act('deleteVm', String(vmId));
      await bench.isGone(String(vmId));
      await database().placementGroup.deleteMany();
    },
    other: { placementGroupId: randomUUID() },
    lost: ['VM_NOT_FOUND'],
  };
  return {
    createPlacementGroup: {
      ...ofGroup,
      input: () => groupInput(bench),
      other: { policy: 'TOGETHER' },
      taken: 'NAME_TAKEN',
    },
    renamePlacementGroup: {
      ...ofGroup,
      input: async () => ({ placementGroupId: await placementGroup(bench), name: `Café ${randomUUID()}` }),
      other: { name: 'other' },
    },
    deletePlacementGroup: {
      ...ofGroup,
      input: async () => ({ placementGroupId: await placementGroup(bench) }),
      other: { placementGroupId: randomUUID() },
    },
    addVmToPlacementGroup: ofMember,
    removeVmFromPlacementGroup: ofMember,
    setHostOvercommit: {
      select: '{ id hostname }',
      input: () => ({ hostId: bench.neighbours.hostId, cpuRatio: 1_000 }),
      gone: () => database().host.updateMany({ data: { cpuRatio: null } }),
      other: { cpuRatio: 2 },
      lost: ['FORBIDDEN'],
    },
  };
};
