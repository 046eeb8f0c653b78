import { Module } from '@nestjs/common';
import { VmsModule } from '../vms/vms.module.js';
import { ConsoleRedemptionService } from './console-redemption.service.js';
import { ConsoleRequestController } from './console-request.controller.js';
import { ConsoleTicketRepository } from './console-ticket.repository.js';
import { ConsoleTicketResolver } from './console-ticket.resolver.js';
import { ConsoleTicketService } from './console-ticket.service.js';

/** Tickets for the screens of VMs. */
@Module({
  imports: [VmsModule],
  controllers: [ConsoleRequestController],
  providers: [ConsoleTicketRepository, ConsoleTicketService, ConsoleRedemptionService, ConsoleTicketResolver],
})
export class ConsolesModule {}
