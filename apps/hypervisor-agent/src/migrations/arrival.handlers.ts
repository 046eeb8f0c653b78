import {
  endMigration,
  finishMigration,
  prepareMigration,
  prepareMigrationWithVolumes,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { VmGate } from '../work/vm-gate.js';
import { MigrationArrival } from './migration-arrival.js';
import { MigrationEnd } from './migration-end.js';

/** Commands of the vms service on VMs that come to this host, and on what is left of those that are on another. */
@Controller()
export class ArrivalHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly arrival: MigrationArrival,
    private readonly ends: MigrationEnd,
  ) {}

  @Authorize()
  @HandlesRequest(prepareMigration)
  async prepare(
    request: RequestOf<typeof prepareMigration>,
    meta: RequestMeta,
  ): Promise<ReplyOf<typeof prepareMigration>> {
    const source = { ...request.source, volumes: [] };
    const { volumes: _none, ...target } = await this.prepareWithVolumes({ ...request, source }, meta);
    return target;
  }

  @Authorize()
  @HandlesRequest(prepareMigrationWithVolumes)
  prepareWithVolumes(
    request: RequestOf<typeof prepareMigrationWithVolumes>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof prepareMigrationWithVolumes>> {
    return this.gate.perform(request, until, (deadline) => this.arrival.prepare(request, deadline));
  }

  @Authorize()
  @HandlesRequest(finishMigration)
  async finish(
    request: RequestOf<typeof finishMigration>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof finishMigration>> {
    return { power: await this.gate.perform(request, until, (deadline) => this.ends.finish(request, deadline)) };
  }

  @Authorize()
  @HandlesRequest(endMigration)
  async end(
    request: RequestOf<typeof endMigration>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof endMigration>> {
    return { removed: await this.gate.perform(request, until, (deadline) => this.ends.end(request, deadline)) };
  }
}
