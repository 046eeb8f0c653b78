import {
  attachVm,
  detachVm,
  findNics,
  findPorts,
  keepPort,
  keepPorts,
  prepareVmNetwork,
  selectNetwork,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { NetworkService } from '../networks/network.service.js';
import { AttachmentService } from './attachment.service.js';
import { toNic } from './port.mapper.js';
import { PortService } from './port.service.js';

/** The networks service's edge on NATS. */
@Controller()
export class AttachmentController {
  constructor(
    private readonly networks: NetworkService,
    private readonly attachments: AttachmentService,
    private readonly ports: PortService,
  ) {}

  @Authorize()
  @HandlesRequest(selectNetwork)
  async select(request: RequestOf<typeof selectNetwork>): Promise<ReplyOf<typeof selectNetwork>> {
    return { networkId: (await this.networks.select(request.departmentId, request.networkId)).id };
  }

  @Authorize()
  @HandlesRequest(attachVm)
  async attach(request: RequestOf<typeof attachVm>): Promise<ReplyOf<typeof attachVm>> {
    return { nic: await this.attachments.attach(request) };
  }

  @Authorize()
  @HandlesRequest(detachVm)
  async detach(request: RequestOf<typeof detachVm>): Promise<ReplyOf<typeof detachVm>> {
    await this.attachments.detach(request);
    return {};
  }

  @Authorize()
  @HandlesRequest(findPorts)
  async findPorts({ vmId }: RequestOf<typeof findPorts>): Promise<ReplyOf<typeof findPorts>> {
    const ports = await this.ports.ofVm(vmId);
    return { ports: ports.map(({ id: portId, mac }) => ({ portId, mac })) };
  }

  @Authorize()
  @HandlesRequest(findNics)
  async findNics({ vmId }: RequestOf<typeof findNics>): Promise<ReplyOf<typeof findNics>> {
    return { nics: (await this.ports.ofVm(vmId)).map(toNic) };
  }

  @Authorize()
  @HandlesRequest(keepPort)
  async keepOne({ networkId, ...request }: RequestOf<typeof keepPort>): Promise<ReplyOf<typeof keepPort>> {
    await this.attachments.keep({ ...request, networkIds: [networkId] });
    return {};
  }

  @Authorize()
  @HandlesRequest(keepPorts)
  async keep(request: RequestOf<typeof keepPorts>): Promise<ReplyOf<typeof keepPorts>> {
    await this.attachments.keep(request);
    return {};
  }

  @Authorize()
  @HandlesRequest(prepareVmNetwork)
  async prepareOn(request: RequestOf<typeof prepareVmNetwork>): Promise<ReplyOf<typeof prepareVmNetwork>> {
    await this.attachments.prepareOn(request);
    return {};
  }
}
