import { ensureFilter, inspectFilter, removeFilter, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { vmFilterName } from '@infinibay/libvirt-xml';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Injectable } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { FilterService } from './filter.service.js';

@Injectable()
export class FilterHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly filters: FilterService,
  ) {}

  @HandlesRequest(ensureFilter)
  async ensure(
    { spec }: RequestOf<typeof ensureFilter>,
    { deadline }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureFilter>> {
    const status = await this.gate.unfenced(spec.vmId, () => this.filters.ensure(spec, new Deadline(deadline)));
    return { filterName: status === 'UNSUPPORTED' ? null : vmFilterName(spec.vmId), status };
  }

  @HandlesRequest(removeFilter)
  async remove(
    { vmId }: RequestOf<typeof removeFilter>,
    { deadline }: RequestMeta,
  ): Promise<ReplyOf<typeof removeFilter>> {
    return { removed: await this.gate.unfenced(vmId, () => this.filters.remove(vmId, new Deadline(deadline))) };
  }

  @HandlesRequest(inspectFilter)
  inspect({ vmId }: RequestOf<typeof inspectFilter>): Promise<ReplyOf<typeof inspectFilter>> {
    return this.filters.inspect(vmId);
  }
}
