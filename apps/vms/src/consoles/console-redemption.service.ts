import {
  DomainError,
  resolveSession,
  type Actor,
  type ReplyInputOf,
  type redeemConsoleTicket,
} from '@infinibay/contracts';
import { verifyConsoleTicket, type ConsoleTicketClaims } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { RequestClient, type RequestMeta } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import type { AuditEntry, Effect } from '@infinibay/platform-subgraph';
import { Inject, Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { ConsoleTicket } from '../generated/prisma/client.js';
import { VmRepository } from '../vms/vm.repository.js';
import { auditVerb, hasScreen, mayHaveConsole } from './console-access.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from './console-options.js';
import { ConsoleTicketRepository, hashOfTicket } from './console-ticket.repository.js';

type Redeemed = ReplyInputOf<typeof redeemConsoleTicket>;
/** What the audit tells: of what was given, where something was, else of what the ticket says. */
type Asked = Pick<ConsoleTicketClaims, 'actorId' | 'vmId' | 'access'>;

const UNUSABLE = 'it was used, is too old, or was never given';

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
   * that is refused is not used up: what it waits for may still come about in its minute. Nor is one whose answer would
   * come after its caller has gone.
   * @throws DomainError CONSOLE_TICKET_INVALID without a reason; SERVICE_UNAVAILABLE when users does not answer;
   *   DEADLINE_EXCEEDED
   */
  async redeem(ticket: string, meta: RequestMeta): Promise<Redeemed> {
    const claims = await verifyConsoleTicket(ticket, this.options.internalKey);
    let asked: Asked = claims;
    try {
      // Before users is asked: one that was used or is past costs nobody else anything.
      const row = await this.given(claims);
      asked = row;
      const actor = await this.actorOf(row, meta);
      return await this.change.run((tx) => this.use(tx, row, actor, meta));
    } catch (error) {
      if (error instanceof Refusal) await this.remember(asked, error);
      throw error;
    }
  }

  /** The row decides, and the ticket says the same: they were made of one thing. */
  private async given(claims: ConsoleTicketClaims): Promise<ConsoleTicket> {
    const row = await this.tickets.findUsable(hashOfTicket(claims));
    if (row === null) throw new Refusal(UNUSABLE);
    if (row.vmId !== claims.vmId || row.sessionId !== claims.sessionId) throw new Refusal('it is not what was given');
    return row;
  }

  private async actorOf({ actorId, sessionId }: ConsoleTicket, { deadline }: RequestMeta): Promise<Actor> {
    const timeoutMs = Math.min(resolveSession.timeoutMs, deadline - Date.now());
    if (timeoutMs <= 0) throw new DomainError('DEADLINE_EXCEEDED');
    const { actor } = await this.requests.call(resolveSession, { userId: actorId, sessionId }, { timeoutMs });
    if (actor === null) throw new Refusal('the session has ended');
    return actor;
  }

  /** Who asked gets the refusal also when it can't be recorded; the log has it then. */
  private async remember(asked: Asked, { code, why }: Refusal): Promise<void> {
    const { actorId, vmId } = asked;
    this.logger.info({ vmId, actorId, reason: why }, 'a console ticket was refused');
    const refused = { answer: undefined, events: [], audit: entryOf(asked, code) };
    await this.change
      .run(() => Promise.resolve(refused))
      .catch((error: unknown) => {
        this.logger.error({ err: error, vmId, actorId }, 'a refusal is missing in the audit');
      });
  }

  private async use(tx: Transaction, row: ConsoleTicket, actor: Actor, meta: RequestMeta): Promise<Effect<Redeemed>> {
    if (!(await this.tickets.redeem(tx, row.idHash))) throw new Refusal(UNUSABLE);
    const { vmId, hostId, access, actorId } = row;
    const vm = await this.vms.lock(tx, vmId);
    if (vm === null || !hasScreen(vm.state)) throw new Refusal('the virtual machine does not run');
    if (vm.hostId !== hostId) throw new Refusal('the virtual machine has moved');
    if (!mayHaveConsole(actor, access, vm)) throw new Refusal('the right is lost');
    // Last, with all waiting for locks behind it: nobody would hear the answer, and the ticket would be gone.
    if (meta.deadline <= Date.now()) throw new DomainError('DEADLINE_EXCEEDED');
    const answer = { vmId, hostId, access, actorId, departmentId: vm.departmentId };
    return { answer, events: [], audit: entryOf(row, 'ok') };
  }
}

const entryOf = ({ actorId, vmId, access }: Asked, result: string): AuditEntry => ({
  actorId,
  verb: auditVerb('redeemConsoleTicket', access),
  resourceKind: 'vm',
  resourceId: vmId,
  result,
});
