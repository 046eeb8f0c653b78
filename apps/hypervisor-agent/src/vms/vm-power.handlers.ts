import {
  DomainError,
  forceOffVm,
  resumeVm,
  shutdownVm,
  startVm,
  suspendVm,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { VmGate } from '../work/vm-gate.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { PowerChange } from './power-change.js';
import { TaskRecords } from './task-records.js';
import { unlessDone } from './unless-done.js';
import { VmStart } from './vm-start.js';

/**
 * What the vms service may ask of the power of a VM, each command with what it asks of libvirt. Each passes the gate: in
 * order, and never from a replaced worker. "Already so" is success everywhere.
 */
@Controller()
export class VmPowerHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly starts: VmStart,
    private readonly records: TaskRecords,
    private readonly power: PowerChange,
  ) {}

  @Authorize()
  @HandlesRequest(startVm)
  async start(request: RequestOf<typeof startVm>, { deadline: until }: RequestMeta): Promise<ReplyOf<typeof startVm>> {
    const power = await this.gate.perform(request, until, (deadline) => this.starts.start(request.vmId, deadline));
    return { power };
  }

  /** A paused guest runs on. One that sleeps by itself can't be woken: the binding has no call for it. */
  @Authorize()
  @HandlesRequest(resumeVm)
  resume(request: RequestOf<typeof resumeVm>, meta: RequestMeta): Promise<ReplyOf<typeof resumeVm>> {
    return this.power.perform(request, meta, async (domain, power, deadline) => {
      if (power === 'running') return;
      if (power !== 'paused') throw new DomainError('VM_BUSY', { vmId: request.vmId, power });
      await this.starts.requireHere(request.vmId);
      const resume = () => domain.resume({ timeoutMs: deadline.timeoutMs() });
      await unlessDone(
        () => this.hypervisor.use('resume-domain', resume),
        async () => (await this.domains.power(domain, deadline)) === 'running',
      );
      await this.records.release(request.vmId);
    });
  }

  /** Whatever stopped it before: a guest that stands still does so. */
  @Authorize()
  @HandlesRequest(suspendVm)
  suspend(request: RequestOf<typeof suspendVm>, meta: RequestMeta): Promise<ReplyOf<typeof suspendVm>> {
    return this.power.perform(request, meta, async (domain, power, deadline) => {
      if (power === 'paused') return;
      if (power !== 'running') throw new DomainError('VM_BUSY', { vmId: request.vmId, power });
      const suspend = () => domain.suspend({ timeoutMs: deadline.timeoutMs() });
      await unlessDone(
        () => this.hypervisor.use('suspend-domain', suspend),
        async () => (await this.domains.power(domain, deadline)) === 'paused',
      );
    });
  }

  /** The power button: the guest decides when, and whether, it goes off. */
  @Authorize()
  @HandlesRequest(shutdownVm)
  shutdown(request: RequestOf<typeof shutdownVm>, meta: RequestMeta): Promise<ReplyOf<typeof shutdownVm>> {
    return this.power.perform(request, meta, async (domain, power, deadline) => {
      if (isOff(power)) return;
      const press = () => domain.shutdown({ timeoutMs: deadline.timeoutMs() });
      await unlessDone(
        () => this.hypervisor.use('shut-down-domain', press),
        async () => isOff(await this.domains.power(domain, deadline)),
      );
    });
  }

  @Authorize()
  @HandlesRequest(forceOffVm)
  async forceOff(
    request: RequestOf<typeof forceOffVm>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof forceOffVm>> {
    await this.gate.perform(request, until, (deadline) => this.starts.cutPower(request.vmId, deadline));
    return { power: 'off' };
  }
}
