import { findVms, toVmStateV1, type ReplyInputOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { VmRepository } from './vm.repository.js';

@Controller()
export class VmRequestController {
  constructor(private readonly vms: VmRepository) {}

  @Authorize()
  @HandlesRequest(findVms)
  async findVms(request: RequestOf<typeof findVms>): Promise<ReplyInputOf<typeof findVms>> {
    const rows = await this.vms.findMany(request.vmIds, { all: true });
    return {
      vms: rows.map(({ id, departmentId, ownerId, name, state, hostId }) => ({
        vmId: id,
        departmentId,
        ownerId,
        name,
        state: toVmStateV1(state),
        hostId,
      })),
    };
  }
}
