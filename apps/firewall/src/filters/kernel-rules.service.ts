import { inspectFilter } from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { Injectable } from '@nestjs/common';
import { BoundedWork } from './bounded-work.js';

/** Calls at once to one host, and for one user; others wait in turn. */
const AT_ONCE = 4;
/** As many as one page of VMs; whoever wants more is refused. */
const MAX_WAITING = 500;
const SERVES_MS = 1_000;

/** Reads the kernel's rules of VMs on their hosts. Who asks for a VM that is just being read shares its answer. */
@Injectable()
export class KernelRulesService {
  private readonly reads = new Map<string, Promise<string[]>>();
  private readonly perUser = new BoundedWork(AT_ONCE, MAX_WAITING);
  private readonly perHost = new BoundedWork(AT_ONCE, MAX_WAITING);

  constructor(private readonly requests: RequestClient) {}

  /** @throws DomainError RATE_LIMITED when too many wait already, HOST_UNAVAILABLE, … */
  read(userId: string, vmId: string, hostId: string): Promise<string[]> {
    const known = this.reads.get(vmId);
    if (known !== undefined) return known;
    const result = this.perUser.run(userId, () => this.perHost.run(hostId, () => this.ask(vmId, hostId)));
    this.reads.set(vmId, result);
    const forget = (): unknown => this.reads.delete(vmId);
    // The map holds what is read and what was read within a second, so it never grows beyond that.
    result.then(() => setTimeout(forget, SERVES_MS).unref(), forget);
    return result;
  }

  private async ask(vmId: string, hostId: string): Promise<string[]> {
    const { interfaces } = await this.requests.call(inspectFilter, { vmId }, { hostId });
    return interfaces.flatMap((each) => each.kernelRules);
  }
}
