import type { EventDataOf, EventEnvelope, hostAgentStarted } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { HostMaintenanceRepository } from '../hosts/host-maintenance.repository.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { stateEvents } from '../vms/vm.events.js';
import { VmRepository } from '../vms/vm.repository.js';

/** What an agent tells of itself when it has been started. */
type AgentStart = Pick<EventDataOf<typeof hostAgentStarted>, 'hostId' | 'epoch' | 'bootId'>;

/** What a boot of a host makes of its VMs. */
export interface Autostarted {
  readonly vmIds: readonly string[];
  readonly events: EventEnvelope[];
}

/** The boots of hosts, and the VMs that are started by them. */
@Injectable()
export class AutostartRepository {
  constructor(
    private readonly maintenances: HostMaintenanceRepository,
    private readonly vms: VmRepository,
    private readonly operations: OperationRepository,
  ) {}

  /**
   * Remembers the boot of a host. What comes late, of a run of the agent before the last, says nothing.
   * @returns whether the host has been booted since it was last told of; false for one that is told of for the first time
   */
  async isBooted(tx: Transaction, { hostId, epoch, bootId }: AgentStart): Promise<boolean> {
    if (bootId === null) return false;
    await tx.hostBoot.createMany({ data: [{ hostId, epoch, bootId }], skipDuplicates: true });
    await tx.$queryRaw`SELECT host_id FROM host_boots WHERE host_id = ${hostId}::uuid FOR UPDATE`;
    const known = await tx.hostBoot.findUniqueOrThrow({ where: { hostId } });
    if (epoch <= known.epoch) return false;
    await tx.hostBoot.update({ where: { hostId }, data: { epoch, bootId } });
    return known.bootId !== bootId;
  }

  /**
   * Has its VMs started that are off and shall not be. One of which somebody waits for something else is left to that, and
   * one whose disk is being copied, or that is going to be deleted, stays off, as whoever would start it is told. None on a
   * host that is in maintenance: whoever works on it boots it, and more than once.
   */
  async start(tx: Transaction, hostId: string): Promise<Autostarted> {
    if (!(await this.maintenances.keepOpen(tx, hostId))) return { vmIds: [], events: [] };
    const where = { hostId, autostart: true, state: 'STOPPED', purgeAt: null } as const;
    const found = await tx.vm.findMany({ where, orderBy: { id: 'asc' }, select: { id: true } });
    const started: string[] = [];
    const events: EventEnvelope[] = [];
    const now = await databaseNow(tx);
    for (const { id } of found) {
      const vm = await this.vms.lock(tx, id);
      if (
        vm?.state !== 'STOPPED' ||
        !vm.autostart ||
        vm.purgeAt !== null ||
        (await this.operations.open(id, tx)) !== null
      )
        continue;
      if ((await this.vms.copiedFor(tx, id)) !== null) continue;
      await this.vms.update(tx, id, { desired: 'RUNNING', state: 'STARTING', reconcileAt: now, failedAttempts: 0 });
      started.push(id);
      events.push(...stateEvents(vm, 'STARTING', 'autostart'));
    }
    return { vmIds: started, events };
  }
}
