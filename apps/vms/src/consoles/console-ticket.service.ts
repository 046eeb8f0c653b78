import { DomainError, type Actor } from '@infinibay/contracts';
import { signConsoleTicket } from '@infinibay/platform-access';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid, type MutationEffect } from '@infinibay/platform-subgraph';
import { Inject, Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import { VmRepository } from '../vms/vm.repository.js';
import { auditVerb, hasScreen, mayHaveConsole } from './console-access.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from './console-options.js';
import { CreateConsoleTicket } from './console-ticket.inputs.js';
import { ConsoleProtocol, type ConsoleTicket } from './console-ticket.model.js';
import { ConsoleTicketRepository } from './console-ticket.repository.js';

type Asked = ReturnType<typeof CreateConsoleTicket.parse>;

/** What is kept for a repeated call. The ticket is not: it is signed again. */
interface Issued {
  readonly vmId: string;
  readonly idHash: string;
}

/** Gives tickets for consoles. */
@Injectable()
export class ConsoleTicketService {
  constructor(
    private readonly change: Change,
    private readonly vms: VmRepository,
    private readonly tickets: ConsoleTicketRepository,
    @Inject(CONSOLE_OPTIONS) private readonly options: ConsoleOptions,
  ) {}

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY; CONSOLE_TICKET_SPENT for a repeated call that comes too late, or from another session */
  async create(actor: Actor, rawInput: unknown): Promise<ConsoleTicket> {
    const asked = validateInput(CreateConsoleTicket, rawInput);
    if (!isUuid(asked.vmId)) throw new DomainError('VM_NOT_FOUND');
    const { idempotencyKey: key, ...input } = asked;
    const show = (issued: Issued): Promise<ConsoleTicket> => this.show(actor, asked, issued);
    const operation = 'createConsoleTicket';
    const verb = auditVerb(operation, asked.access);
    const call = { actor, operation, verb, key, input, resourceKind: 'vm', show };
    return this.change.commit(call, (tx) => this.issue(tx, actor, asked));
  }

  private async issue(tx: Transaction, actor: Actor, asked: Asked): Promise<MutationEffect<Issued>> {
    const { vmId, access, idempotencyKey: id } = asked;
    const vm = await this.vms.lock(tx, vmId);
    if (vm === null || vm.state === 'DELETED' || !mayHaveConsole(actor, access, vm))
      throw new DomainError('VM_NOT_FOUND');
    if (!hasScreen(vm.state)) throw new DomainError('VM_BUSY', { state: vm.state });
    const by = { actorId: actor.userId, sessionId: actor.sessionId };
    const { idHash } = await this.tickets.issue(tx, { id, ...by, vmId, hostId: vm.hostId, access });
    return { answer: { vmId, idHash }, resourceId: vmId, events: [] };
  }

  /** Signs the ticket, also again for a repeated call: its name is the key that came with the call. */
  private async show(actor: Actor, asked: Asked, { vmId, idHash }: Issued): Promise<ConsoleTicket> {
    const vm = await this.vms.findRow(vmId);
    if (vm === null || !mayHaveConsole(actor, asked.access, vm)) throw new DomainError('VM_NOT_FOUND');
    const row = await this.tickets.findUsable(idHash);
    // One of another session is nothing for this one: what opens the console goes with the session that asked.
    if (row?.sessionId !== actor.sessionId) throw new DomainError('CONSOLE_TICKET_SPENT');
    const ticket = await signConsoleTicket({ ...row, id: asked.idempotencyKey }, this.options.internalKey);
    return { ticket, expiresAt: row.expiresAt, vmId, protocol: ConsoleProtocol.VNC };
  }
}
