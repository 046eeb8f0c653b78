import { findVms } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { RequestClient } from '@infinibay/platform-messaging';

const RETRY_MS = 1_000;
const MAX_IDS = 1_000;

/**
 * Which department a VM belongs to, as the vms service says; a VM goes to another one only while it is off, so an
 * answer holds for as long as its socket exists. VMs that are not known yet are asked for again after a second, all of
 * them in one request.
 */
@Injectable()
export class VmDirectory {
  private readonly departments = new Map<string, string>();
  private readonly askedAt = new Map<string, number>();
  private wanted = new Set<string>();
  private asking: Promise<void> | undefined;

  constructor(private readonly requests: RequestClient) {}

  /** The answer that is at hand; asks in the background when there is none. */
  peek(vmId: string): string | undefined {
    const known = this.departments.get(vmId);
    if (known === undefined && Date.now() - (this.askedAt.get(vmId) ?? 0) >= RETRY_MS) void this.ask(vmId);
    return known;
  }

  /** @returns undefined when the vms service does not know the VM or does not answer. */
  async find(vmId: string): Promise<string | undefined> {
    if (!this.departments.has(vmId)) await this.ask(vmId);
    return this.departments.get(vmId);
  }

  forget(vmId: string): void {
    this.departments.delete(vmId);
    this.askedAt.delete(vmId);
  }

  private async ask(vmId: string): Promise<void> {
    this.wanted.add(vmId);
    this.askedAt.set(vmId, Date.now());
    // Whoever asks while a request is under way is in the next one.
    if (this.asking !== undefined) await this.asking;
    if (!this.wanted.has(vmId)) return this.asking;
    this.asking ??= this.request().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async request(): Promise<void> {
    const vmIds = [...this.wanted].slice(0, MAX_IDS);
    this.wanted = new Set([...this.wanted].slice(MAX_IDS));
    try {
      const { vms } = await this.requests.call(findVms, { vmIds });
      // Of a socket that is gone since, the answer may be of the department before.
      for (const { vmId, departmentId } of vms) if (this.askedAt.has(vmId)) this.departments.set(vmId, departmentId);
    } catch {
      // The request client has counted it; whoever still needs an answer asks again.
    }
  }
}
