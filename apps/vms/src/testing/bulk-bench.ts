import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { PrismaClient } from '../database.js';
import type { Prisma, VmState } from '../generated/prisma/client.js';
import type { Neighbours } from './neighbours.js';
import type { VmBench } from './vm-bench.js';

const RESULTS = 'results(first: 200, after: $after, statuses: $statuses)';
const BULK = `mutation ($input: BulkVmsInput!) { bulkVms(input: $input) {
  id kind resourceKind resourceId status progressPercent steps { name } results(first: 200) { totalCount } } }`;
const READ = `query ($id: ID!, $after: String, $statuses: [BulkResultStatus!]) { operation(id: $id) {
  status progressPercent errorCode errorMessage finishedAt ${RESULTS} { totalCount pageInfo { endCursor hasNextPage }
  nodes { vmId status errorCode operation { id kind status } vm { id } } } } }`;

export interface BulkView {
  readonly status: string;
  readonly progressPercent: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly finishedAt: string | null;
  readonly results: {
    readonly totalCount: number;
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
    readonly nodes: readonly {
      readonly vmId: string;
      readonly status: string;
      readonly errorCode: string | null;
      readonly operation: { readonly id: string; readonly kind: string; readonly status: string } | null;
      readonly vm: { readonly id: string } | null;
    }[];
  } | null;
}

/** Asks many VMs of a bench for the same, and reads what became of them. */
export class BulkBench {
  constructor(readonly bench: VmBench) {}

  ask(input: Record<string, unknown>, by: Actor = this.bench.actor) {
    return this.bench.vms.ask(by, BULK, { input: { idempotencyKey: randomUUID(), ...input } });
  }

  /** @returns the id of its operation */
  async accepted(input: Record<string, unknown>, by?: Actor): Promise<string> {
    const { data, errors } = await this.ask(input, by);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return (data?.['bulkVms'] as { id: string }).id;
  }

  async code(input: Record<string, unknown>, by?: Actor): Promise<string | undefined> {
    return (await this.ask(input, by)).errors?.[0]?.extensions.code;
  }

  async read(id: string, more: Record<string, unknown> = {}, by: Actor = this.bench.actor): Promise<BulkView> {
    const { data, errors } = await this.bench.vms.ask(by, READ, { id, ...more });
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data?.['operation'] as BulkView;
  }

  ended(id: string, by?: Actor): Promise<BulkView> {
    return pollUntil(
      async () => {
        this.bench.report();
        const view = await this.read(id, {}, by);
        return view.finishedAt === null ? null : view;
      },
      { timeoutMs: 120_000, what: 'the end of the bulk request' },
    );
  }

  /** VMs that were built, in a state in which they may stay. */
  async vms(count: number, state: VmState = 'STOPPED', more: Partial<Prisma.VmCreateManyInput> = {}, on?: Neighbours) {
    const neighbours = on ?? this.bench.neighbours;
    const rows = Array.from({ length: count }, () => {
      const id = randomUUID();
      const name = `vm-${id.slice(0, 13)}`;
      return {
        id,
        departmentId: this.bench.departmentId,
        ownerId: this.bench.actor.userId,
        name,
        activeName: name,
        state,
        desired: state === 'RUNNING' ? 'RUNNING' : 'STOPPED',
        imageId: neighbours.imageId,
        hostId: neighbours.hostId,
        networkId: neighbours.hostId,
        diskBuiltAt: new Date(),
        vcpus: 1,
        memoryMib: 64,
        diskBytes: 1n,
        ...more,
      };
    });
    for (const { id } of rows)
      Object.assign(neighbours.vm(id), { power: state === 'RUNNING' ? 'running' : 'off', disk: true, disksMade: 1 });
    await this.bench.vms.get(PrismaClient).vm.createMany({ data: rows });
    return rows.map(({ id }) => id);
  }
}
