import {
  DomainError,
  resolveSession,
  type Actor,
  type ReplyInputOf,
  type redeemConsoleTicket,
} from '@infinibay/contracts';
import { verifyConsoleTicket, type ConsoleTicketClaims } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { RequestClient } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import type { AuditEntry, Effect } from '@infinibay/platform-subgraph';
import { Inject, Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import { VmRepository } from '../vms/vm.repository.js';
import { hasScreen, mayHaveConsole } from './console-access.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from './console-options.js';
import { ConsoleTicketRepository, hashOfTicket } from './console-ticket.repository.js';

type Redeemed = ReplyInputOf<typeof redeemConsoleTicket>;

/** Why a ticket is refused. For our log alone: who holds one learns nothing by trying it. */
class Refusal extends DomainError {
  constructor(readonly why: string) {
    super('CONSOLE_TICKET_INVALID');
  }
}

/** Uses up tickets for consoles. */
@Injectable()
export class ConsoleRedemptionService {
  constructor(
    private readonly change: Change,
    private readonly requests: RequestClient,
    private readonly tickets: ConsoleTicketRepository,
    private readonly vms: VmRepository,
    @Inject(CONSOLE_OPTIONS) private readonly options: ConsoleOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Whatever the ticket was given for is looked at anew, and the session asked for itself: no cache, for it is once. One
   * that is refused is not used up: what it waits for may still come about in its minute.
   * @throws DomainError CONSOLE_TICKET_INVALID without a reason; SERVICE_UNAVAILABLE when users does not answer
   */
  async redeem(ticket: string): Promise<Redeemed> {
    const claims = await verifyConsoleTicket(ticket, this.options.internalKey);
    try {
      const { actor } = await this.requests.call(resolveSession, {
        userId: claims.actorId,
        sessionId: claims.sessionId,
      });
      if (actor === null) throw new Refusal('the session has ended');
      return await this.change.run((tx) => this.use(tx, claims, actor));
    } catch (error) {
      if (error instanceof Refusal) await this.remember(claims, error);
      throw error;
    }
  }

  /** Who asked gets the refusal also when it can't be recorded; the log has it then. */
  private async remember(claims: ConsoleTicketClaims, { code, why }: Refusal): Promise<void> {
    const { actorId, vmId } = claims;
    this.logger.info({ vmId, actorId, reason: why }, 'a console ticket was refused');
    const refused = { answer: undefined, events: [], audit: entryOf(claims, code) };
    await this.change
      .run(() => Promise.resolve(refused))
      .catch((error: unknown) => {
        this.logger.error({ err: error, vmId, actorId }, 'a refusal is missing in the audit');
      });
  }

  private async use(tx: Transaction, claims: ConsoleTicketClaims, actor: Actor): Promise<Effect<Redeemed>> {
    const row = await this.tickets.redeem(tx, hashOfTicket(claims));
    if (row === null) throw new Refusal('it was used, is too old, or was never given');
    const { vmId, hostId, access, actorId } = row;
    // The row decides, and the ticket says the same: they were made of one thing.
    if (vmId !== claims.vmId || row.sessionId !== claims.sessionId) throw new Refusal('it is not what was given');
    const vm = await this.vms.lock(tx, vmId);
    if (vm === null || !hasScreen(vm.state)) throw new Refusal('the virtual machine does not run');
    if (vm.hostId !== hostId) throw new Refusal('the virtual machine has moved');
    if (!mayHaveConsole(actor, access, vm)) throw new Refusal('the right is lost');
    const answer = { vmId, hostId, access, actorId, departmentId: vm.departmentId };
    return { answer, events: [], audit: entryOf(claims, 'ok') };
  }
}

const entryOf = ({ actorId, vmId }: ConsoleTicketClaims, result: string): AuditEntry => ({
  actorId,
  verb: 'redeemConsoleTicket',
  resourceKind: 'vm',
  resourceId: vmId,
  result,
});
