import { inspectChain, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { DiskChains } from './disk-chains.js';

/** What disks of VMs and volumes consist of. Changes nothing, and waits for nobody who does. */
@Controller()
export class VmChainsHandlers {
  constructor(private readonly chains: DiskChains) {}

  @Authorize()
  @HandlesRequest(inspectChain)
  async inspect(
    { kind, id }: RequestOf<typeof inspectChain>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectChain>> {
    const deadline = new Deadline(until);
    const layers = kind === 'DISK' ? this.chains.ofDisk(id, deadline) : this.chains.ofVolume(id, deadline);
    return { layers: await layers };
  }
}
