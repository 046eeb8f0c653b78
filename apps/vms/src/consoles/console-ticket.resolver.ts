import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { CreateConsoleTicketInput } from './console-ticket.inputs.js';
import { ConsoleTicket } from './console-ticket.model.js';
import { ConsoleTicketService } from './console-ticket.service.js';

@Resolver(() => ConsoleTicket)
export class ConsoleTicketResolver {
  constructor(private readonly service: ConsoleTicketService) {}

  @Authorize()
  @Mutation(() => ConsoleTicket, {
    description:
      'Gives a ticket for the console of a VM that is RUNNING or PAUSED. It holds for 60 seconds and one use, by this session, while the VM stays on its host. The same key gives the same session the same ticket while that can be used, and never another. Errors: VM_NOT_FOUND, VM_BUSY, CONSOLE_TICKET_SPENT, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  createConsoleTicket(
    @Args('input') input: CreateConsoleTicketInput,
    @CurrentActor() actor: Actor,
  ): Promise<ConsoleTicket> {
    return this.service.create(actor, input);
  }
}
