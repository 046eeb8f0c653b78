import { DomainError, rebootVm, resetVm, type DomainPower, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import { Authorize } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Controller, Inject } from '@nestjs/common';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { HostFactsReader } from '../host/host-facts.js';
import type { Deadline } from '../work/deadline.js';
import { PowerChange } from './power-change.js';
import { TaskRecords } from './task-records.js';
import { unlessDone } from './unless-done.js';

/** Restarts a guest for an operation: asks it to, or presses the reset button. */
@Controller()
export class VmRestartHandlers {
  constructor(
    private readonly power: PowerChange,
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly host: HostFactsReader,
    private readonly records: TaskRecords,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** libvirt tells when the guest has restarted, which need not be soon, or ever. */
  @Authorize()
  @HandlesRequest(rebootVm)
  async reboot(request: RequestOf<typeof rebootVm>, meta: RequestMeta): Promise<ReplyOf<typeof rebootVm>> {
    const ask = (domain: Domain, power: DomainPower, deadline: Deadline) =>
      this.askOnce(request, domain, power, deadline);
    const reply = await this.power.perform(request, meta, ask);
    return { ...reply, isRebooted: this.records.isDone(request.vmId, request.operationId) };
  }

  @Authorize()
  @HandlesRequest(resetVm)
  reset(request: RequestOf<typeof resetVm>, meta: RequestMeta): Promise<ReplyOf<typeof resetVm>> {
    return this.power.perform(request, meta, (domain, power, deadline) =>
      this.resetOnce(request, domain, power, deadline),
    );
  }

  /** The power button once for an operation. */
  private async askOnce(
    { vmId, operationId }: RequestOf<typeof rebootVm>,
    domain: Domain,
    power: DomainPower,
    deadline: Deadline,
  ): Promise<void> {
    if (await this.records.isUnderWay(vmId, operationId)) return;
    // On its way down for a press that this process knows nothing of any more.
    if (power === 'shutting-down' && (await this.records.isKnown(vmId, operationId))) return;
    if (power !== 'running') throw new DomainError('VM_BUSY', { vmId, power });
    const { driver } = await this.host.capabilities();
    const press = () => domain.reboot({ timeoutMs: deadline.timeoutMs() });
    await this.records.begin(vmId, operationId, () => this.hypervisor.use('reboot-domain', press));
    // This driver restarts within the call, and tells nothing.
    if (driver.toLowerCase() === 'test') await this.records.confirm(vmId);
  }

  /**
   * Once for an operation, whatever is killed meanwhile. The button alone can't tell whether it was pressed: between the
   * press and the record of it anybody may die. So the guest stands still from before the press until the press is on
   * record: one that has executed nothing since it was reset can be reset again, and nobody can tell.
   * @param power as it was seen just now
   * @throws DomainError VM_BUSY when nothing runs that could be reset
   */
  private async resetOnce(
    { vmId, operationId }: RequestOf<typeof resetVm>,
    domain: Domain,
    power: DomainPower,
    deadline: Deadline,
  ): Promise<void> {
    const last = await this.records.last(vmId);
    const isOwn = last?.operationId === operationId;
    const isDone = isOwn && last.isDone;
    if (!isDone && power !== 'running' && power !== 'paused') throw new DomainError('VM_BUSY', { vmId, power });
    // One that an attempt before left standing still runs on as well; of another operation's the wish of the VM decides.
    const isHeld = (!isDone && power === 'running') || (isOwn && last.isHeld);
    if (!isDone) {
      const record = { operationId, kind: 'reset', isHeld } as const;
      await this.records.keep(vmId, { ...record, isDone: false });
      await this.hold(vmId, domain, power, deadline);
      await this.hypervisor.use('reset-domain', () => domain.reset({ timeoutMs: deadline.timeoutMs() }));
      await this.records.keep(vmId, { ...record, isDone: true });
      this.logger.info({ vmId, operationId, isHeld, isRepeated: isOwn }, 'the guest was reset');
    }
    // Whom somebody else has stopped stays so.
    if (isHeld) await this.letRunOn(vmId, domain, deadline);
  }

  private async hold(vmId: string, domain: Domain, power: DomainPower, deadline: Deadline): Promise<void> {
    if (power !== 'running') return;
    try {
      await this.hypervisor.use('suspend-domain', () => domain.suspend({ timeoutMs: deadline.timeoutMs() }));
    } catch (error) {
      // Whoever stops it later does not do so for the reset. Where that can't be seen the record stays.
      const now = await this.domains.power(domain, deadline).catch(() => null);
      if (now === 'running') await this.records.release(vmId);
      throw error;
    }
  }

  private async letRunOn(vmId: string, domain: Domain, deadline: Deadline): Promise<void> {
    if ((await this.domains.power(domain, deadline)) === 'paused')
      await unlessDone(
        () => this.hypervisor.use('resume-domain', () => domain.resume({ timeoutMs: deadline.timeoutMs() })),
        async () => (await this.domains.power(domain, deadline)) !== 'paused',
      );
    await this.records.release(vmId);
  }
}
