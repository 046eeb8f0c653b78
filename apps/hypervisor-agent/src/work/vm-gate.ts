import { join } from 'node:path';
import { DomainError } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Deadline } from './deadline.js';
import { FenceStore } from './fence-store.js';
import { KeyedQueue } from './keyed-queue.js';

export interface FencedRequest {
  readonly vmId: string;
  readonly fence: number;
}

/** All that changes a VM goes through here: one thing at a time, and nothing from a worker that was replaced. */
@Injectable()
export class VmGate {
  private readonly queue = new KeyedQueue();
  private readonly fences: FenceStore;

  constructor(@Inject(AGENT_CONFIG) config: AgentConfig) {
    this.fences = new FenceStore(join(config.STATE_DIR, 'fences'));
  }

  /**
   * @param until epoch milliseconds after which nobody waits for the result: work that is still queued is not begun, and
   * what has begun is to ask its deadline before each change
   * @throws DomainError STALE_FENCE when a newer worker has been seen; DEADLINE_EXCEEDED
   */
  perform<T>({ vmId, fence }: FencedRequest, until: number, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline = new Deadline(until);
    const fenced = async (): Promise<T> => {
      const newest = await this.fences.get(vmId);
      if (fence < newest) throw new DomainError('STALE_FENCE', { vmId, fence, newest });
      await this.fences.raise(vmId, fence);
      return work(deadline);
    };
    return this.unfenced(vmId, fenced, deadline);
  }

  /**
   * For work that carries a revision of its own instead of a fence.
   * @param deadline work that is still queued then is not begun
   * @throws DomainError DEADLINE_EXCEEDED
   */
  unfenced<T>(vmId: string, work: () => Promise<T>, deadline?: Deadline): Promise<T> {
    return this.queue.run(vmId, () => {
      deadline?.check();
      return work();
    });
  }
}
