import { ensureFilter, inspectFilter, removeFilter, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { vmFilterName } from '@infinibay/libvirt-xml';
import { HandlesRequest } from '@infinibay/platform-messaging';
import { Injectable } from '@nestjs/common';
import { VmGate } from '../work/vm-gate.js';
import { FilterService } from './filter.service.js';

@Injectable()
export class FilterHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly filters: FilterService,
  ) {}

  @HandlesRequest(ensureFilter)
  async ensure({ spec }: RequestOf<typeof ensureFilter>): Promise<ReplyOf<typeof ensureFilter>> {
    const status = await this.gate.unfenced(spec.vmId, () => this.filters.ensure(spec));
    return { filterName: status === 'UNSUPPORTED' ? null : vmFilterName(spec.vmId), status };
  }

  @HandlesRequest(removeFilter)
  async remove({ vmId }: RequestOf<typeof removeFilter>): Promise<ReplyOf<typeof removeFilter>> {
    return { removed: await this.gate.unfenced(vmId, () => this.filters.remove(vmId)) };
  }

  @HandlesRequest(inspectFilter)
  inspect({ vmId }: RequestOf<typeof inspectFilter>): Promise<ReplyOf<typeof inspectFilter>> {
    return this.filters.inspect(vmId);
  }
}
