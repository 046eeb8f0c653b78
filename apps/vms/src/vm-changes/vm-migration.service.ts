import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { requireMigratable, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import { MigrationRepository } from '../migrations/migration.repository.js';
import { VmRepository } from '../vms/vm.repository.js';
import { MigratedGoods } from './migrated-goods.js';
import { VmChangesService, type Accepted, type Alongside } from './vm-changes.service.js';
import { MigrateVm } from './vm-migration.inputs.js';
import { VmPlacement } from './vm.placement.js';

const KIND = 'MIGRATE_VM';

/** Accepts that VMs are moved to other hosts. The doing is the reconciler's. */
@Injectable()
export class VmMigrationService {
  constructor(
    private readonly change: Change,
    private readonly changes: VmChangesService,
    private readonly goods: MigratedGoods,
    private readonly placement: VmPlacement,
    private readonly vms: VmRepository,
    private readonly migrations: MigrationRepository,
  ) {}

  /**
   * Commits the operation and the journal of the migration, with the host that was chosen: that keeps its memory from now on.
   * @throws DomainError INVALID_INPUT, VM_NOT_FOUND, FORBIDDEN, HOST_NOT_FOUND, VM_BUSY, PORT_BUSY, VOLUME_BUSY, VM_MEMORY_SAVED,
   * DELETION_SCHEDULED, VM_NOT_MIGRATABLE, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  migrate(actor: Actor, rawInput: unknown, alongside?: Alongside): Promise<Accepted> {
    const { idempotencyKey: key, ...input } = validateInput(MigrateVm, rawInput);
    if (!isUuid(input.vmId)) throw new DomainError('VM_NOT_FOUND');
    const { hostId } = input;
    const parameters: Parameters = hostId === null || !isUuid(hostId) ? {} : { hostId };
    const show = (stored: Accepted): Accepted => stored;
    const wake = (): void => {
      this.changes.wake();
    };
    const asked = { actor, key, operation: KIND, verb: 'migrateVm', input, resourceKind: 'vm', show, wake };
    return this.change.commit(asked, async (tx) => {
      await alongside?.before?.(tx);
      const effect = await this.changes.take(tx, { kind: KIND, actor, key, parameters }, input);
      // After it: who may not see the VM is told that there is none.
      if (!can(actor, 'administer', { kind: 'host', departmentId: null })) throw new DomainError('FORBIDDEN');
      await this.open(tx, effect.answer, hostId);
      await alongside?.after(tx, effect.answer);
      return effect;
    });
  }

  /** The VM is locked by what was accepted before. */
  private async open(tx: Transaction, { vmId, operationId }: Accepted, hostId: string | null): Promise<void> {
    const vm = await this.vms.lock(tx, vmId);
    if (vm === null) throw new DomainError('VM_NOT_FOUND');
    requireMigratable(await this.goods.of(tx, vm), hostId);
    const targetHostId = await this.placement.placeElsewhere(tx, vm, hostId);
    await this.migrations.add(tx, { vmId, operationId, sourceHostId: vm.hostId, targetHostId });
  }
}
