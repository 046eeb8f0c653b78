import { randomUUID } from 'node:crypto';
import { EventEnvelope, type Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import type { PrismaClient } from '../database.js';
import type { VmBench } from './vm-bench.js';
import { memberOf } from './vms-under-test.js';

const TRANSFER = 'mutation ($input: TransferVmInput!) { transferVm(input: $input) { id owner { id } } }';
/** What another call with the same key may answer otherwise. */
const PASSING: readonly unknown[] = ['SERVICE_UNAVAILABLE', 'DEADLINE_EXCEEDED'];

/** VMs that go from the department of a bench to another one, by somebody who is a member of both. */
export class TransferBench {
  readonly departmentId = randomUUID();
  /** A network of that department. */
  readonly networkId = randomUUID();
  readonly ownerId = randomUUID();
  readonly actor: Actor;

  constructor(
    private readonly bench: VmBench,
    private readonly database: () => PrismaClient,
  ) {
    this.actor = memberOf(bench.departmentId, this.departmentId);
    bench.neighbours.departments.add(this.departmentId);
    bench.neighbours.members.add(this.departmentId, this.ownerId);
  }

  /** A VM of the first department that is off. */
  async off(overrides: Record<string, unknown> = {}): Promise<string> {
    const vmId = await this.bench.running(overrides);
    await this.bench.act('forceOffVm', vmId);
    await this.bench.reaches(vmId, 'STOPPED');
    return vmId;
  }

  /** @returns the code with which it is refused; null: it was accepted */
  async ask(input: Record<string, unknown>, by: Actor = this.actor): Promise<unknown> {
    const { departmentId, networkId, ownerId } = this;
    const said = { idempotencyKey: randomUUID(), departmentId, networkId, ownerId, ...input };
    const { code } = await pollUntil(
      async () => {
        const { errors } = await this.bench.vms.ask(by, TRANSFER, { input: said });
        const answered = { code: errors?.[0]?.extensions.code ?? null };
        return PASSING.includes(answered.code) ? null : answered;
      },
      { timeoutMs: 60_000, intervalMs: 250, what: 'an answer' },
    );
    return code;
  }

  /** The end of its last transfer, with nothing left to be done, and the VM in this state. */
  ended(vmId: string, state = 'STOPPED') {
    const operations = { where: { kind: 'TRANSFER_VM' }, orderBy: { createdAt: 'desc' } } as const;
    return pollUntil(
      async () => {
        const vm = await this.database().vm.findUniqueOrThrow({ where: { id: vmId }, include: { operations } });
        const [operation] = vm.operations;
        const isOver = operation !== undefined && !['PENDING', 'RUNNING'].includes(operation.status);
        return isOver && !vm.toSettleIn && vm.state === state ? { vm, operation } : null;
      },
      { what: 'the end of the transfer', timeoutMs: 60_000 },
    );
  }

  /** Events about it, in order. */
  async told(vmId: string): Promise<EventEnvelope[]> {
    const rows = await this.database().outboxEvent.findMany({ orderBy: { id: 'asc' } });
    return rows.map(({ payload }) => EventEnvelope.parse(payload)).filter(({ resource }) => resource.id === vmId);
  }

  /** What networks, the firewall and the host know of it. */
  around(vmId: string): { readonly ports: unknown; readonly filterOf: unknown; readonly network: unknown } {
    const { filterOf, network } = this.bench.neighbours.vm(vmId);
    return { ports: this.bench.neighbours.ports.of(vmId), filterOf, network };
  }

  /** What they shall know of a VM that is there, and of one that is not. */
  get there() {
    const { departmentId, networkId } = this;
    return { ports: [[networkId, departmentId]], filterOf: departmentId, network: networkId };
  }

  get here() {
    const { departmentId, neighbours } = this.bench;
    return { ports: [[neighbours.hostId, departmentId]], filterOf: departmentId, network: neighbours.hostId };
  }
}
