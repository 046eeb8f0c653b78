import { DomainError, findDepartments, type Actor } from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';

/** A person waits for the answer. */
const TIMEOUT_MS = 1_000;

/** Departments, of which users knows which there are. */
@Injectable()
export class KnownDepartments {
  constructor(private readonly requests: RequestClient) {}

  /**
   * Tokens of members name departments that exist; of others users is asked. What somebody may do there is not looked at.
   * @throws DomainError DEPARTMENT_NOT_FOUND, and SERVICE_UNAVAILABLE or DEADLINE_EXCEEDED while users does not answer
   */
  async require(actor: Actor, departmentId: string): Promise<void> {
    if (!isUuid(departmentId)) throw new DomainError('DEPARTMENT_NOT_FOUND');
    if (actor.departmentIds.includes(departmentId)) return;
    const asked = { departmentIds: [departmentId] };
    const { departments } = await this.requests.call(findDepartments, asked, { timeoutMs: TIMEOUT_MS });
    if (departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND');
  }
}
