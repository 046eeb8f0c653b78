import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import { Change } from '../database.js';
import { requireAdministrator } from '../hosts/administrators.js';
import type { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { SetHostMaintenance } from './host-maintenance.inputs.js';
import { MaintenanceChange } from './maintenance.change.js';

/** Whether hosts take VMs, for administrators to say. */
@Injectable()
export class HostMaintenanceService {
  constructor(
    private readonly change: Change,
    private readonly maintenance: MaintenanceChange,
    private readonly hosts: HostRepository,
  ) {}

  /** @throws DomainError FORBIDDEN, INVALID_INPUT, HOST_NOT_FOUND */
  set(actor: Actor, rawInput: unknown): Promise<Host> {
    const { idempotencyKey: key, ...input } = validateInput(SetHostMaintenance, rawInput);
    const { hostId, maintenance, reason } = input;
    // Within the commit, so that an attempt is found in the audit.
    const prepare = (): void => {
      requireAdministrator(actor);
    };
    const verb = `setHostMaintenance:${String(maintenance)}`;
    const show = (id: string): Promise<Host> => this.show(actor, id);
    const asked = { actor, operation: 'setHostMaintenance', verb, key, input, resourceKind: 'host', prepare, show };
    return this.change.commit(asked, async (tx) => {
      const said = { byId: actor.userId, reason };
      const events = await (maintenance
        ? this.maintenance.begin(tx, hostId, said)
        : this.maintenance.end(tx, hostId, said));
      const id = hostId.toLowerCase();
      return { answer: id, resourceId: id, events };
    });
  }

  private async show(actor: Actor, id: string): Promise<Host> {
    requireAdministrator(actor);
    const host = await this.hosts.find(actor, id);
    if (host === null) throw new DomainError('HOST_NOT_FOUND');
    return host;
  }
}
