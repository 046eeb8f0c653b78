import {
  ensureFilter,
  inspectFilter,
  removeFilter,
  verifyFilter,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { vmFilterName } from '@infinibay/libvirt-xml';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { SharedReads } from '../work/shared-reads.js';
import { VmGate } from '../work/vm-gate.js';
import { FilterService } from './filter.service.js';

/** Of the connection to libvirt, which heartbeats and commands share: looks at filters never take more of it. */
const INSPECTIONS_AT_ONCE = 2;

@Controller()
export class FilterHandlers {
  private readonly inspections = new SharedReads<ReplyOf<typeof inspectFilter>>(INSPECTIONS_AT_ONCE);

  constructor(
    private readonly gate: VmGate,
    private readonly filters: FilterService,
  ) {}

  @Authorize()
  @HandlesRequest(ensureFilter)
  async ensure(
    { spec }: RequestOf<typeof ensureFilter>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureFilter>> {
    const deadline = new Deadline(until);
    const status = await this.gate.unfenced(spec.vmId, () => this.filters.ensure(spec, deadline), deadline);
    return { filterName: status === 'UNSUPPORTED' ? null : vmFilterName(spec.vmId), status };
  }

  @Authorize()
  @HandlesRequest(removeFilter)
  async remove(
    { vmId }: RequestOf<typeof removeFilter>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof removeFilter>> {
    const deadline = new Deadline(until);
    return { removed: await this.gate.unfenced(vmId, () => this.filters.remove(vmId, deadline), deadline) };
  }

  /** Behind what changes the VM: halfway through, its rules are not what they should be. */
  @Authorize()
  @HandlesRequest(verifyFilter)
  verify(
    { spec }: RequestOf<typeof verifyFilter>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof verifyFilter>> {
    return this.gate.unfenced(spec.vmId, () => this.filters.verify(spec), new Deadline(until));
  }

  @Authorize()
  @HandlesRequest(inspectFilter)
  inspect({ vmId }: RequestOf<typeof inspectFilter>): Promise<ReplyOf<typeof inspectFilter>> {
    return this.inspections.run(vmId, () => this.filters.inspect(vmId));
  }
}
