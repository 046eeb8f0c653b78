import { can } from '@infinibay/access-domain';
import { DomainError, findDepartments, isRetryable, selectNetwork, type Actor } from '@infinibay/contracts';
import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { RequestClient } from '@infinibay/platform-messaging';
import { isUuid } from '@infinibay/platform-subgraph';
import { Inject, Injectable } from '@nestjs/common';
import type { CreateVm } from './vm.inputs.js';

/** A person waits for the answer, and it is given without a neighbour that does not answer in time. */
const TIMEOUT_MS = 1_000;

/**
 * What users and networks know of a new VM. They are asked so that bad input is refused at once; while one of them is
 * away the VM is accepted, and the reconciler asks before it builds.
 */
@Injectable()
export class NeighbourChecks {
  constructor(
    private readonly requests: RequestClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @returns the network; null when it is not known yet
   * @throws DomainError DEPARTMENT_NOT_FOUND, NETWORK_REQUIRED, NETWORK_NOT_FOUND
   */
  async selectNetwork(actor: Actor, input: Pick<CreateVm, 'departmentId' | 'networkId'>): Promise<string | null> {
    const { departmentId, networkId } = input;
    if (!isUuid(departmentId) || !can(actor, 'create', { kind: 'vm', departmentId }))
      throw new DomainError('DEPARTMENT_NOT_FOUND');
    if (networkId !== null && !isUuid(networkId)) throw new DomainError('NETWORK_NOT_FOUND');
    const within = { timeoutMs: TIMEOUT_MS };
    const [departments, network] = await Promise.allSettled([
      this.requests.call(findDepartments, { departmentIds: [departmentId] }, within),
      this.requests.call(selectNetwork, { departmentId, networkId }, within),
    ]);
    if (this.answerOf(departments)?.departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND');
    const selected = this.answerOf(network)?.networkId ?? null;
    // Kept only when both were asked: the reconciler asks both.
    return departments.status === 'fulfilled' ? selected : null;
  }

  private answerOf<T>(asked: PromiseSettledResult<T>): T | undefined {
    if (asked.status === 'fulfilled') return asked.value;
    if (!isRetryable(asked.reason)) throw asked.reason;
    this.logger.warn({ err: asked.reason }, 'a neighbour does not answer; the VM is accepted and it is asked later');
    return undefined;
  }
}
