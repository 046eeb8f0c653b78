import { join } from 'node:path';
import { DomainError, Uuid, type DomainPower } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { RecordStore } from '../work/record-store.js';

const MigrationRecord = z.object({
  migrationId: Uuid,
  /** Whether this host is the one that the VM leaves, or the one that it goes to. */
  role: z.enum(['SOURCE', 'TARGET']),
  /** Both hosts have their disks on one storage: what is on it is never removed by who does not have the VM. */
  isShared: z.boolean(),
  /** Of the source: it was off, and runs without a processor only to be moved. */
  wasOff: z.boolean(),
  /** Of the source: libvirt was asked to move it, or was about to be. */
  hasBegun: z.boolean(),
  /** Of the source: libvirt has said that it is there. */
  hasLeft: z.boolean(),
  /** Those that go with it; a record of before has none. */
  volumes: z.array(z.object({ volumeId: Uuid, otherStorageId: Uuid, isShared: z.boolean() })).default([]),
});
export type MigrationRecord = z.infer<typeof MigrationRecord>;

/**
 * The migration that each VM is in, on either host. On disk before libvirt is asked for anything, and through a restart of
 * the host: while there is one, nobody lets the VM run here but who ends it. See docs/decisions/0048.
 */
@Injectable()
export class MigrationRecords extends RecordStore<MigrationRecord> {
  constructor(@Inject(AGENT_CONFIG) config: AgentConfig) {
    super(join(config.STATE_DIR, 'migrations'), MigrationRecord);
  }

  /** @throws DomainError VM_BUSY */
  async requireNone(vmId: string): Promise<void> {
    const last = await this.last(vmId);
    if (last === undefined) return;
    const { migrationId, role } = last;
    throw new DomainError('VM_BUSY', { vmId, migrationId, role, reason: 'it is being moved to another host' });
  }

  /** A volume that another VM brings: what an earlier migration has still to remove here would be that. @throws DomainError VM_BUSY */
  async requireNoneOfVolume(volumeId: string, vmId: string): Promise<void> {
    for (const otherId of await this.keys()) {
      const record = otherId === vmId ? undefined : await this.last(otherId);
      if (record?.volumes.some((volume) => volume.volumeId === volumeId) === true)
        throw new DomainError('VM_BUSY', {
          vmId,
          volumeId,
          reason: 'an earlier migration of a volume is not cleaned up after',
        });
    }
  }

  /** That of this migration; undefined: there is none. @throws DomainError VM_BUSY while there is one of another */
  async of(vmId: string, migrationId: string): Promise<MigrationRecord | undefined> {
    const last = await this.last(vmId);
    if (last !== undefined && last.migrationId !== migrationId)
      throw new DomainError('VM_BUSY', { vmId, reason: 'another migration of it has not been cleaned up after' });
    return last;
  }
}

/**
 * What came here and stands still was never let run. libvirt may have failed to end what has left, and leaves it standing
 * still.
 */
export const mayBeEnded = ({ role, hasLeft }: Pick<MigrationRecord, 'role' | 'hasLeft'>, power: DomainPower): boolean =>
  power !== 'running' && (role === 'TARGET' || hasLeft);
