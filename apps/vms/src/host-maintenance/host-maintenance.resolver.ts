import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, PageArgs } from '@infinibay/platform-graphql';
import type { DrainMode } from '@infinibay/vms-domain';
import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { Operation } from '../operations/operation.model.js';
import { DrainPreviewConnection } from './drain.model.js';
import { DrainService } from './drain.service.js';
import { DrainHostInput, DrainModes, SetHostMaintenanceInput, toDrainMode } from './host-maintenance.inputs.js';
import { HostMaintenanceService } from './host-maintenance.service.js';

@Resolver(() => Host)
export class HostMaintenanceResolver {
  constructor(
    private readonly maintenance: HostMaintenanceService,
    private readonly drains: DrainService,
  ) {}

  @Authorize()
  @Mutation(() => Host, {
    description: [
      'Puts a host into maintenance or ends it. A host in maintenance takes no new VM (rule host-in-maintenance), startVm of one that is off there is refused with HOST_IN_MAINTENANCE,',
      'and a boot of it starts none by autostart; what runs there goes on, and comes back after a crash. The end of it starts nothing, and ends what a drain has not asked yet.',
      'For administrators. Errors: HOST_NOT_FOUND, FORBIDDEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
    ].join(' '),
  })
  setHostMaintenance(@Args('input') input: SetHostMaintenanceInput, @CurrentActor() actor: Actor): Promise<Host> {
    return this.maintenance.set(actor, input);
  }

  @Authorize({ role: 'ADMIN' })
  @Query(() => DrainPreviewConnection, {
    description:
      'A dry run: what drainHost would do to each virtual machine of a host now, and where those would go that are moved, one after another. What only hosts know is not asked, so a migration may fail yet. For administrators. Errors: FORBIDDEN, HOST_NOT_FOUND, INVALID_INPUT',
  })
  drainPreview(
    @Args('hostId', { type: () => ID, description: 'The host to be drained' }) hostId: string,
    @Args() page: PageArgs,
    @Args('mode', { type: () => DrainModes, nullable: true, description: 'SHUT_DOWN when left out' })
    mode?: DrainMode | null,
  ): Promise<DrainPreviewConnection> {
    return this.drains.preview(hostId, toDrainMode(mode), page);
  }

  @Authorize()
  @Mutation(() => Operation, {
    description: [
      'Puts a host into maintenance, and moves away or shuts down every virtual machine there that is not off, as the mode says; one that is off stays.',
      'Answers at once with one operation of the kind SHUTDOWN_VM (mode SHUT_DOWN) or MIGRATE_VM (the others) and the resource kind host; its results say what becomes of each VM.',
      'It ends SUCCEEDED when all are off, deleted or on other hosts, otherwise FAILED with BULK_INCOMPLETE: a guest that did not power off in time runs on unless force was asked for, and so does one of which the migration fails. The host stays in maintenance either way.',
      'Another drain of the same host takes the place of this one. For administrators. Errors: HOST_NOT_FOUND, FORBIDDEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
    ].join(' '),
  })
  drainHost(@Args('input') input: DrainHostInput, @CurrentActor() actor: Actor): Promise<Operation> {
    return this.drains.drain(actor, input);
  }
}
