import { randomUUID } from 'node:crypto';
import {
  DomainError,
  ensureFilter,
  inspectFilter,
  removeFilter,
  verifyFilter,
  type FilterSpec,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import type { TestService } from './test-service.js';

const DEVICE = 'vnet0';

/** What the host tells of rules that somebody flushed. */
export const FLUSHED = { path: 'iptables/filter/FORWARD', expected: '-A FORWARD -j libvirt-out', actual: null };

/** A host on the other side of NATS: keeps filters and kernel rules as the real agent does, and can be made to fail. */
export class TestHost {
  readonly hostId = randomUUID();
  readonly filters = new Map<string, FilterSpec>();
  /** VMs whose rules somebody flushed from the kernel. */
  readonly flushed = new Set<string>();
  /** VMs whose filter is refused with this error. */
  readonly failures = new Map<string, DomainError>();
  /** VMs whose commands are answered only when the promise resolves. */
  readonly hanging = new Map<string, Promise<void>>();
  /** VMs whose comparison is answered only when the promise resolves, with what was found before. */
  readonly hangingProofs = new Map<string, Promise<void>>();
  /** VMs of whose filters a comparison was asked for, in order. */
  readonly compared: string[] = [];
  /** Comparisons that began, by VM. */
  readonly proofs = new Map<string, number>();
  supportsFilters = true;
  /** Looks at filters that it was asked for. */
  inspections = 0;

  /** From here on the host answers; before, there is nobody. */
  connect(service: TestService): this {
    service.serve(ensureFilter, (request: RequestOf<typeof ensureFilter>) => this.ensure(request), this.hostId);
    service.serve(
      removeFilter,
      (request: RequestOf<typeof removeFilter>) => Promise.resolve({ removed: this.filters.delete(request.vmId) }),
      this.hostId,
    );
    service.serve(
      inspectFilter,
      (request: RequestOf<typeof inspectFilter>) => Promise.resolve(this.inspect(request.vmId)),
      this.hostId,
    );
    service.serve(
      verifyFilter,
      async (request: RequestOf<typeof verifyFilter>) => {
        const found = this.verify(request);
        this.compared.push(request.spec.vmId);
        await this.hangingProofs.get(request.spec.vmId);
        return found;
      },
      this.hostId,
    );
    return this;
  }

  /** From here on the VM's rules are gone and can't be brought back. */
  breakFilter(vmId: string): void {
    this.flushed.add(vmId);
    this.failures.set(vmId, new DomainError('FILTER_NOT_ENFORCED'));
  }

  /** Ports that the VM's filter lets in. */
  openPorts(vmId: string): (number | null)[] {
    const rules = this.filters.get(vmId)?.rules ?? [];
    return rules.filter((rule) => rule.direction === 'IN' && rule.action === 'ACCEPT').map((rule) => rule.portFrom);
  }

  private async ensure({ spec }: RequestOf<typeof ensureFilter>): Promise<ReplyOf<typeof ensureFilter>> {
    await this.hanging.get(spec.vmId);
    const failure = this.failures.get(spec.vmId);
    if (failure !== undefined) throw failure;
    if (!this.supportsFilters) return { filterName: null, status: 'UNSUPPORTED' };
    const known = this.filters.get(spec.vmId);
    if (known === undefined || known.revision <= spec.revision) {
      this.filters.set(spec.vmId, spec);
      this.flushed.delete(spec.vmId);
    }
    return { filterName: `infinibay-vm-${spec.vmId}`, status: 'APPLIED' };
  }

  private verify({ spec }: RequestOf<typeof verifyFilter>): ReplyOf<typeof verifyFilter> {
    this.proofs.set(spec.vmId, (this.proofs.get(spec.vmId) ?? 0) + 1);
    const known = this.filters.get(spec.vmId);
    if (known?.revision === spec.revision && !this.flushed.has(spec.vmId))
      return { status: 'APPLIED', differences: [], differenceCount: 0 };
    return { status: 'DRIFTED', differences: [FLUSHED], differenceCount: 1 };
  }

  private inspect(vmId: string): ReplyOf<typeof inspectFilter> {
    this.inspections += 1;
    if (!this.supportsFilters) return { status: 'UNSUPPORTED', interfaces: [] };
    const filter = this.filters.get(vmId);
    if (filter === undefined) return { status: 'FAILED', interfaces: [] };
    const kernelRules = this.flushed.has(vmId) ? [] : kernelRulesOf(filter);
    return { status: 'APPLIED', interfaces: [{ device: DEVICE, mac: '52:54:00:12:34:56', kernelRules }] };
  }
}

const kernelRulesOf = (filter: FilterSpec): string[] => [
  `-A FI-${DEVICE} -j DROP`,
  ...filter.rules
    .filter((rule) => rule.portFrom !== null)
    .map(
      (rule) =>
        `-A FO-${DEVICE} -p ${rule.protocol.toLowerCase()} -m ${rule.protocol.toLowerCase()} --dport ${rule.portFrom === rule.portTo ? rule.portFrom : `${rule.portFrom}:${rule.portTo}`} -j ${rule.action}`,
    ),
  `-A FO-${DEVICE} -j DROP`,
];
