import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, PageArgs } from '@infinibay/platform-graphql';
import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { Operation } from '../operations/operation.model.js';
import { DrainPreviewConnection } from './drain.model.js';
import { DrainService } from './drain.service.js';
import { DrainHostInput, SetHostMaintenanceInput } from './host-maintenance.inputs.js';
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
      'A dry run: what drainHost would do to each virtual machine of a host now. What runs is shut down, and none is moved away: that is migrateVm. For administrators. Errors: FORBIDDEN, HOST_NOT_FOUND, INVALID_INPUT',
  })
  drainPreview(
    @Args('hostId', { type: () => ID, description: 'The host to be drained' }) hostId: string,
    @Args() page: PageArgs,
  ): Promise<DrainPreviewConnection> {
    return this.drains.preview(hostId, page);
  }

  @Authorize()
  @Mutation(() => Operation, {
    description: [
      'Puts a host into maintenance, and shuts down every virtual machine there that is not off; none is moved away: move those that shall run on before (migrateVm).',
      'Answers at once with one operation of the kind SHUTDOWN_VM and the resource kind host; its results say what becomes of each VM.',
      'It ends SUCCEEDED when all are off or deleted, otherwise FAILED with BULK_INCOMPLETE: a guest that did not power off in time runs on unless force was asked for. The host stays in maintenance either way.',
      'Another drain of the same host takes the place of this one. For administrators. Errors: HOST_NOT_FOUND, FORBIDDEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
    ].join(' '),
  })
  drainHost(@Args('input') input: DrainHostInput, @CurrentActor() actor: Actor): Promise<Operation> {
    return this.drains.drain(actor, input);
  }
}
