import {
  abortMigration,
  inspectMigration,
  inspectMigrationWithVolumes,
  migrateVm,
  migrateVmWithVolumes,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { MigrationAbort } from './migration-abort.js';
import { MigrationDeparture } from './migration-departure.js';
import { MigrationFacts, notMigratable } from './migration-facts.js';
import { MigrationWorks } from './migration-works.js';

/** Commands of the vms service on VMs that leave this host. */
@Controller()
export class DepartureHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly works: MigrationWorks,
    private readonly facts: MigrationFacts,
    private readonly departure: MigrationDeparture,
    private readonly aborts: MigrationAbort,
  ) {}

  /** Whoever asks so knows of no volumes, nor of what a firmware keeps. */
  @Authorize()
  @HandlesRequest(inspectMigration)
  async inspect(
    { vmId }: RequestOf<typeof inspectMigration>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectMigration>> {
    const deadline = new Deadline(until);
    const { volumes, ...source } = await this.facts.of(vmId, deadline);
    await this.facts.requireNoFirmwareState(vmId, deadline);
    if (volumes.length > 0) throw notMigratable(vmId, 'VOLUMES');
    return source;
  }

  @Authorize()
  @HandlesRequest(inspectMigrationWithVolumes)
  inspectWithVolumes(
    { vmId }: RequestOf<typeof inspectMigrationWithVolumes>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectMigrationWithVolumes>> {
    return this.facts.of(vmId, new Deadline(until));
  }

  @Authorize()
  @HandlesRequest(migrateVm)
  migrate(request: RequestOf<typeof migrateVm>, meta: RequestMeta): Promise<ReplyOf<typeof migrateVm>> {
    return this.migrateWithVolumes({ ...request, target: { ...request.target, volumes: [] } }, meta);
  }

  /** Begun within the gate of the VM, in order, and goes on without it: it must be possible to take it back. */
  @Authorize()
  @HandlesRequest(migrateVmWithVolumes)
  async migrateWithVolumes(
    request: RequestOf<typeof migrateVmWithVolumes>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof migrateVmWithVolumes>> {
    const { vmId, migrationId } = request;
    const work = await this.gate.perform(request, until, (deadline) =>
      this.works.join(vmId, `migration ${migrationId}`, () => this.departure.begin(request, deadline)),
    );
    const done = work === undefined ? undefined : await this.works.outcomeOf(vmId, work, until);
    const departure = done?.value ?? 'UNDER_WAY';
    if (departure !== 'UNDER_WAY') return { departure, progressPercent: 100 };
    return { departure, progressPercent: await this.departure.progress(vmId, new Deadline(until)) };
  }

  @Authorize()
  @HandlesRequest(abortMigration)
  async abort(
    request: RequestOf<typeof abortMigration>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof abortMigration>> {
    const { vmId, migrationId } = request;
    const abort = (deadline: Deadline) => this.aborts.abort(vmId, migrationId, deadline);
    return { departure: await this.gate.perform(request, until, abort) };
  }
}
