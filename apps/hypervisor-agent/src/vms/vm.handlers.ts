import {
  defineMachine,
  defineTunedMachine,
  defineVm,
  ensureDisk,
  inspectDisk,
  inspectVm,
  removeDisk,
  undefineVm,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { SeedService } from '../seeds/seed.service.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { TaskRecords } from './task-records.js';
import { VmService } from './vm.service.js';

/** Commands of the vms service that make and remove; vm-power.handlers.ts has the rest. Every change passes the gate: in order, and never from a replaced worker. */
@Controller()
export class VmHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly vms: VmService,
    private readonly disks: DiskService,
    private readonly domains: DomainRepository,
    private readonly records: TaskRecords,
    private readonly seeds: SeedService,
  ) {}

  @Authorize()
  @HandlesRequest(inspectVm)
  async inspect(
    { vmId }: RequestOf<typeof inspectVm>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectVm>> {
    const [observed, disk] = await Promise.all([
      this.domains.observe(vmId, new Deadline(until)),
      this.disks.inspect(vmId, true),
    ]);
    const isHeld = observed?.power === 'paused' && (await this.records.isHeld(vmId));
    return {
      domain: observed === undefined ? null : { power: observed.power, reason: isHeld ? 'reset' : observed.reason },
      disk: disk.status === 'SOUND' ? { capacityBytes: disk.capacityBytes } : null,
    };
  }

  @Authorize()
  @HandlesRequest(inspectDisk)
  async inspectDisk(
    { vmId }: RequestOf<typeof inspectDisk>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectDisk>> {
    const observed = await this.domains.observe(vmId, new Deadline(until));
    const finding = await this.disks.inspect(vmId, observed !== undefined && !isOff(observed.power));
    return finding.status === 'SOUND'
      ? { status: finding.status, capacityBytes: finding.capacityBytes, problem: null }
      : { status: finding.status, capacityBytes: null, problem: finding.problem };
  }

  @Authorize()
  @HandlesRequest(ensureDisk)
  async ensureDisk(
    request: RequestOf<typeof ensureDisk>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureDisk>> {
    const { vmId, imageId, capacityBytes } = request;
    const created = await this.gate.perform(request, until, (deadline) =>
      this.disks.ensure(vmId, imageId, capacityBytes, deadline),
    );
    return { created };
  }

  @Authorize()
  @HandlesRequest(removeDisk)
  async removeDisk(
    request: RequestOf<typeof removeDisk>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof removeDisk>> {
    const removed = await this.gate.perform(request, until, async (deadline) => {
      await this.vms.requireOff(request.vmId, deadline);
      return this.disks.remove(request.vmId, deadline);
    });
    return { removed };
  }

  @Authorize()
  @HandlesRequest(defineVm)
  async define(
    { spec, fence }: RequestOf<typeof defineVm>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof defineVm>> {
    const request = { vmId: spec.vmId, fence };
    await this.gate.perform(request, until, (deadline) => this.vms.define(spec, fence, deadline));
    return {};
  }

  @Authorize()
  @HandlesRequest(defineMachine)
  async defineMachine(
    { spec, fence, hardware }: RequestOf<typeof defineMachine>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof defineMachine>> {
    const request = { vmId: spec.vmId, fence };
    await this.gate.perform(request, until, (deadline) => this.vms.define(spec, fence, deadline, hardware));
    return {};
  }

  @Authorize()
  @HandlesRequest(defineTunedMachine)
  async defineTunedMachine(
    { spec, fence, hardware, tuning, sizes }: RequestOf<typeof defineTunedMachine>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof defineTunedMachine>> {
    const request = { vmId: spec.vmId, fence };
    await this.gate.perform(request, until, (deadline) =>
      this.vms.define(spec, fence, deadline, hardware, { tuning, sizes }),
    );
    return {};
  }

  @Authorize()
  @HandlesRequest(undefineVm)
  async undefine(
    request: RequestOf<typeof undefineVm>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof undefineVm>> {
    const removed = await this.gate.perform(request, until, async (deadline) => {
      const wasDefined = await this.vms.undefine(request.vmId, deadline);
      // From a storage that fails it goes with the disk, when that can be removed.
      await this.seeds.remove(request.vmId).catch(() => undefined);
      return wasDefined;
    });
    return { removed };
  }
}
