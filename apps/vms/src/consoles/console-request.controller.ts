import { redeemConsoleTicket, type ReplyInputOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { ConsoleRedemptionService } from './console-redemption.service.js';

@Controller()
export class ConsoleRequestController {
  constructor(private readonly redemptions: ConsoleRedemptionService) {}

  @Authorize()
  @HandlesRequest(redeemConsoleTicket)
  redeem(
    { ticket }: RequestOf<typeof redeemConsoleTicket>,
    meta: RequestMeta,
  ): Promise<ReplyInputOf<typeof redeemConsoleTicket>> {
    return this.redemptions.redeem(ticket, meta);
  }
}
