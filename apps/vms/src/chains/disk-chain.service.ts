import { inspectChain, type Actor } from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { Injectable } from '@nestjs/common';
import { unlessTooOld } from '../actions/agent-age.js';
import { toDiskLayer } from './disk-chain.mapper.js';
import type { DiskLayer } from './disk-chain.model.js';

/** What is on a host, and of which somebody wants to know what it consists of. */
interface OnHost {
  readonly kind: 'DISK' | 'VOLUME';
  /** Of the VM whose own disk it is, or of the volume. */
  readonly id: string;
  readonly hostId: string;
}

/** What disks and volumes consist of, as their hosts find it when they are asked. */
@Injectable()
export class DiskChainService {
  constructor(private readonly requests: RequestClient) {}

  /**
   * @returns null: the agent of the host is too old to tell
   * @throws DomainError HOST_UNAVAILABLE, DEADLINE_EXCEEDED, and what host.inspect-chain is refused with
   */
  async read(actor: Actor, { kind, id, hostId }: OnHost): Promise<DiskLayer[] | null> {
    const { requests } = this;
    const ask = () => requests.call(inspectChain, { kind, id }, { hostId });
    // An agent of any version answers that there is no VM of the id of a volume.
    const answer = await unlessTooOld({ requests, vmId: id, hostId }, ask);
    return answer === undefined ? null : answer.layers.map((layer) => toDiskLayer(layer, actor));
  }
}
