import { FIRST_SLOT, heirOf, type OperationKind, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm, VmPort } from '../generated/prisma/client.js';
import { VmPortRepository } from './vm-port.repository.js';
import { VmRepository } from './vm.repository.js';
import { VmRevisionRepository } from './vm-revision.repository.js';
import { specWithCard, stillApplied, type Cards } from './vm-spec.js';

/** What a step has done about ports, by the ids of their rows. */
export interface PortsDone {
  readonly attached?: readonly string[];
  /** They can't be attached. */
  readonly refused?: readonly string[];
  readonly detached?: readonly string[];
  /** Cards that have come in the place of others. */
  readonly cards?: readonly Cards[];
}

/** Of whom a port was asked. */
interface Asking {
  readonly kind: OperationKind;
  readonly actorId: string;
  readonly parameters: Parameters;
}

/** Records what became of the ports of a VM, which is locked by whoever asks. What is otherwise since is left so. */
@Injectable()
export class VmPortJournal {
  constructor(
    private readonly ports: VmPortRepository,
    private readonly vms: VmRepository,
    private readonly revisions: VmRevisionRepository,
  ) {}

  async record(tx: Transaction, vm: Vm, done: PortsDone, open: Asking | null): Promise<void> {
    const { attached = [], refused = [], detached = [], cards = [] } = done;
    if (attached.length + refused.length + detached.length === 0) return;
    const rows = await this.ports.ofVm(vm.id, tx);
    const among = (ids: readonly string[], attachment: VmPort['attachment']): VmPort[] =>
      rows.filter((row) => ids.includes(row.id) && row.attachment === attachment);
    for (const row of among(refused, 'ATTACHING')) await this.giveBack(tx, row);
    for (const row of among(attached, 'ATTACHING')) await this.attached(tx, row);
    if (cards.length > 0) await this.keepLinks(tx, vm, cards, open);
    for (const row of among(detached, 'DETACHING')) await this.detached(tx, vm, row);
  }

  /** What was asked of a port did not come about: one that should come goes, and one that should go stays. */
  async takeBack(tx: Transaction, vmId: string, { kind, parameters }: Asking): Promise<void> {
    const rows = await this.ports.ofVm(vmId, tx);
    const about = rows.find(({ networkId }) => networkId === parameters.portNetworkId);
    if (about === undefined) return;
    if (kind === 'REMOVE_VM_PORT') {
      if (about.attachment === 'DETACHING') await this.ports.keep(tx, about);
      return;
    }
    const { attachment, replacesNetworkId } = about;
    // It came about after all, and what it took the place of is gone.
    if (attachment === 'ATTACHED' && replacesNetworkId === null) return;
    const replaced = rows.find(({ networkId }) => networkId === replacesNetworkId);
    if (replaced?.attachment === 'DETACHING') await this.ports.keep(tx, replaced);
    await this.giveBack(tx, about);
  }

  private giveBack(tx: Transaction, { id }: VmPort): Promise<void> {
    return this.ports.update(tx, id, { attachment: 'DETACHING', replacesNetworkId: null });
  }

  private async attached(tx: Transaction, { id, vmId, replacesNetworkId }: VmPort): Promise<void> {
    await this.ports.update(tx, id, { attachment: 'ATTACHED' });
    if (replacesNetworkId !== null) await this.ports.retire(tx, vmId, replacesNetworkId);
  }

  /** It is gone, and free: another becomes the first when it was that one. */
  private async detached(tx: Transaction, vm: Vm, { id, networkId, slot }: VmPort): Promise<void> {
    await this.ports.remove(tx, id);
    const rows = await this.ports.ofVm(vm.id, tx);
    const heir = slot === FIRST_SLOT ? heirOf({ networkId, rows }) : undefined;
    if (heir !== undefined) {
      await this.ports.remove(tx, heir.id);
      await this.vms.update(tx, vm.id, { networkId: heir.networkId });
    }
    for (const row of rows)
      if (row.id !== heir?.id && row.replacesNetworkId === networkId)
        await this.ports.update(tx, row.id, { replacesNetworkId: null });
  }

  /** Nobody's cable is plugged in by a change: where that of the card before is out, it is declared of the new one. */
  private async keepLinks(tx: Transaction, vm: Vm, cards: readonly Cards[], open: Asking | null): Promise<void> {
    const declared = await this.revisions.current(tx, vm);
    const spec = cards.reduce((changed, card) => specWithCard(changed, vm, card), declared);
    const author = { actorId: open?.actorId ?? vm.ownerId, operation: 'CHANGE_VM_PORT_NETWORK' } as const;
    await this.revisions.declare(tx, vm, spec, author, stillApplied(vm));
  }
}
