import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { ratiosOf, type PlacementSettings } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { Change } from '../database.js';
import { requireAdministrator } from '../hosts/administrators.js';
import type { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { SetHostOvercommit } from './overcommit.inputs.js';
import type { HostOvercommit } from './overcommit.model.js';
import { PLACEMENT_SETTINGS } from './placement-settings.js';

/** How much of what they have hosts may promise, for administrators to say. */
@Injectable()
export class OvercommitService {
  constructor(
    private readonly change: Change,
    private readonly hosts: HostRepository,
    @Inject(PLACEMENT_SETTINGS) private readonly settings: PlacementSettings,
  ) {}

  /**
   * It may be less than what is promised already: nothing is taken away then, and the host takes no more until it fits.
   * @throws DomainError FORBIDDEN, INVALID_INPUT, HOST_NOT_FOUND
   */
  set(actor: Actor, rawInput: unknown): Promise<Host> {
    const { idempotencyKey: key, ...input } = validateInput(SetHostOvercommit, rawInput);
    const { hostId: id, ...ratios } = input;
    // Within the commit, so that an attempt is found in the audit. No event tells of the ratios: the audit does, of CPUs and memory.
    const prepare = (): void => {
      requireAdministrator(actor);
    };
    const show = (hostId: string): Promise<Host> => this.show(actor, hostId);
    const operation = 'setHostOvercommit';
    const verb = `${operation}:${String(ratios.cpuRatio ?? 'default')}/${String(ratios.memoryRatio ?? 'default')}`;
    const asked = { actor, operation, verb, key, input, resourceKind: 'host', prepare, show };
    return this.change.commit(asked, async (tx) => {
      if (!isUuid(id) || !(await this.hosts.isKnown(tx, id))) throw new DomainError('HOST_NOT_FOUND');
      await this.hosts.setRatios(tx, id, ratios);
      return { answer: id, resourceId: id, events: [] };
    });
  }

  /** null: the reader may not know. */
  of({ ratios }: Host): HostOvercommit | null {
    if (ratios === null) return null;
    const isOwn = { isCpuRatioOwn: ratios.cpuRatio !== null, isMemoryRatioOwn: ratios.memoryRatio !== null };
    return { ...ratiosOf(ratios, this.settings), ...isOwn };
  }

  private async show(actor: Actor, id: string): Promise<Host> {
    requireAdministrator(actor);
    const host = await this.hosts.find(actor, id);
    if (host === null) throw new DomainError('HOST_NOT_FOUND');
    return host;
  }
}
