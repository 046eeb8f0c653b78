import { hostAgentStarted, type EventDataOf, type EventEnvelope } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { HandlesEvent } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Controller, Inject } from '@nestjs/common';
import { Change } from '../database.js';
import { AutostartRepository, type Autostarted } from './autostart.repository.js';
import { Reconciler } from './reconciler.js';

const NOTHING: Autostarted = { vmIds: [], events: [] };

/** A host that has been booted has those of its VMs started that shall run then, whether they ran before or not. */
@Controller()
export class AutostartController {
  constructor(
    private readonly change: Change,
    private readonly autostarts: AutostartRepository,
    private readonly reconciler: Reconciler,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Authorize()
  @HandlesEvent(hostAgentStarted, 'host-started')
  async agentStarted({ data }: EventEnvelope<EventDataOf<typeof hostAgentStarted>>): Promise<void> {
    const wake = (): void => {
      this.reconciler.wake();
    };
    const vmIds = await this.change.run(async (tx) => {
      const isBooted = await this.autostarts.isBooted(tx, data);
      const { vmIds: answer, events } = isBooted ? await this.autostarts.start(tx, data.hostId) : NOTHING;
      return { answer, events };
    }, wake);
    if (vmIds.length > 0)
      this.logger.info({ hostId: data.hostId, vmIds }, 'the host was booted; VMs that shall run then are started');
  }
}
