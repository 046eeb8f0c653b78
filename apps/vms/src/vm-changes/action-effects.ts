import type { Actor, EventEnvelope } from '@infinibay/contracts';
import { isSpecChange, type OperationKind, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import type { Said } from './action-inputs.js';
import { SpecChanges } from './spec-changes.js';
import { VolumeAttachment } from './volume-attachment.js';

interface AskedAction {
  readonly kind: OperationKind;
  readonly actor: Actor;
  readonly parameters: Parameters;
  readonly input: Said;
}

/** What an action writes beside the power of its VM, within the transaction that accepts it. */
@Injectable()
export class ActionEffects {
  constructor(
    private readonly specs: SpecChanges,
    private readonly volumes: VolumeAttachment,
  ) {}

  /**
   * @param vm locked
   * @throws DomainError what SpecChanges and VolumeAttachment throw
   */
  async accept(tx: Transaction, vm: VmRow, { kind, actor, parameters, input }: AskedAction): Promise<EventEnvelope[]> {
    await this.volumes.accept(tx, actor, vm, kind, parameters);
    return isSpecChange(kind) ? this.specs.accept(tx, vm, kind, actor, input) : [];
  }
}
