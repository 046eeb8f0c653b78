import { DomainError, type Departure, type RequestOf, type migrateVmWithVolumes } from '@infinibay/contracts';
import type { Domain, MigrateOptions } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { MigrationRecords, type MigrationRecord } from '../vms/migration-records.js';
import { VmStart } from '../vms/vm-start.js';
import type { Deadline } from '../work/deadline.js';
import { DepartingDomain } from './departing-domain.js';

/** As long as the service vms waits for it. Past it libvirt goes on, and is found at it. */
const MOVE_TIMEOUT_MS = 14_400_000;
const START_TIMEOUT_MS = 55_000;

type Asked = RequestOf<typeof migrateVmWithVolumes>;

/**
 * Moves a VM away from this host, by libvirt's daemons alone: they go on when this process has died. It stands still where
 * it arrives, until somebody who knows that it has left lets it run on.
 */
@Injectable()
export class MigrationDeparture {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly records: MigrationRecords,
    private readonly departing: DepartingDomain,
    private readonly starts: VmStart,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** In percent, of one that is being moved. */
  async progress(vmId: string, deadline: Deadline): Promise<number> {
    const domain = await this.domains.find(vmId, deadline);
    return domain === undefined ? 0 : this.departing.progress(domain, deadline);
  }

  /**
   * Call within the gate of the VM.
   * @throws DomainError VM_NOT_FOUND, VM_BUSY, VM_NOT_MIGRATABLE, MIGRATION_FAILED when it can't go on, and the problems
   * of disks, volumes and filters
   */
  async begin(asked: Asked, deadline: Deadline): Promise<{ readonly work: Promise<Departure> }> {
    const { vmId, migrationId, target } = asked;
    const known = await this.records.of(vmId, migrationId);
    // A vms of before, which would not write where the volumes are.
    if (known !== undefined && known.volumes.length > 0 && target.volumes.length === 0)
      throw new DomainError('HOST_UNAVAILABLE', { vmId, reason: 'it takes its volumes along' });
    if (known?.hasLeft === true) return { work: Promise.resolve('LEFT') };
    const domain = await this.domains.find(vmId, deadline);
    if (domain === undefined && known === undefined) throw new DomainError('VM_NOT_FOUND', { vmId });
    if (domain === undefined) return { work: Promise.resolve('GONE') };
    // An agent before this one has asked for it.
    if (known !== undefined && (await this.departing.isUnderWay(domain, deadline)))
      return { work: Promise.resolve('UNDER_WAY') };
    // Once: what an attempt has copied may be of clusters that the guest has thrown away since.
    if (known?.hasBegun === true) throw new DomainError('MIGRATION_FAILED', { vmId, reason: 'it has ended' });
    const record = known ?? (await this.recordOf(domain, asked, deadline));
    deadline.check();
    await this.records.keep(vmId, record);
    await this.requireMovable(domain, vmId, record, deadline);
    const options = await this.departing.optionsFor(domain, target, record, deadline);
    deadline.check();
    const begun = { ...record, hasBegun: true };
    await this.records.keep(vmId, begun);
    return { work: this.move(domain, asked, begun, options) };
  }

  private async recordOf(domain: Domain, asked: Asked, deadline: Deadline): Promise<MigrationRecord> {
    const { vmId, migrationId, target } = asked;
    const power = await this.domains.power(domain, deadline);
    if (power !== 'running' && !isOff(power)) throw new DomainError('VM_BUSY', { vmId, power });
    if (isOff(power)) await this.departing.requireNoVariables(domain, vmId, deadline);
    const isShared = await this.departing.requireTrulyShared(vmId, migrationId, target);
    const volumes = await this.departing.volumesOf(domain, asked, deadline);
    return { migrationId, role: 'SOURCE', isShared, wasOff: isOff(power), hasBegun: false, hasLeft: false, volumes };
  }

  /** That it runs, or stands still where it is moved because it was off. @throws DomainError MIGRATION_FAILED */
  private async requireMovable(
    domain: Domain,
    vmId: string,
    { wasOff }: MigrationRecord,
    deadline: Deadline,
  ): Promise<void> {
    const power = await this.domains.power(domain, deadline);
    if (power === (wasOff ? 'paused' : 'running')) return;
    if (!wasOff || !isOff(power)) throw new DomainError('MIGRATION_FAILED', { vmId, power });
    await this.starts.boot(domain, vmId, deadline, () =>
      this.hypervisor.use('start-domain', () =>
        domain.create({ paused: true, timeoutMs: deadline.timeoutMs(START_TIMEOUT_MS) }),
      ),
    );
  }

  private async move(
    domain: Domain,
    { vmId, migrationId, target }: Asked,
    record: MigrationRecord,
    options: MigrateOptions,
  ): Promise<Departure> {
    const started = performance.now();
    try {
      await this.hypervisor.use('migrate-domain', () =>
        domain.migration.toUri(target.libvirtUri, { ...options, timeoutMs: MOVE_TIMEOUT_MS }),
      );
    } catch (error) {
      return this.afterFailure(vmId, error);
    }
    await this.records.keep(vmId, { ...record, hasLeft: true });
    this.logger.info({ vmId, migrationId, durationMs: Math.round(performance.now() - started) }, 'the VM has left');
    return 'LEFT';
  }

  /**
   * libvirt takes the definition away when it has left, and only then.
   * @throws DomainError MIGRATION_FAILED, and that libvirt is away
   */
  private async afterFailure(vmId: string, error: unknown): Promise<Departure> {
    if (!(error instanceof DomainError)) throw error;
    // The link to the daemon is broken, or its time is over: it may be at it still. That is seen when it is asked again.
    if (error.code === 'HOST_UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED') throw error;
    const find = this.hypervisor.find('find-domain', 'NO_DOMAIN', ({ domains }) => domains.lookupByUuid(vmId));
    if ((await find) === undefined) return 'GONE';
    const libvirtCode = libvirtCodeOf(error) ?? null;
    this.logger.warn({ err: error, vmId, libvirtCode }, 'the VM could not be moved; it is still here');
    throw new DomainError('MIGRATION_FAILED', { vmId, libvirtCode }, { cause: error });
  }
}
