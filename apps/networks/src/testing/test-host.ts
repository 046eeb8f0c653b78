import { randomUUID } from 'node:crypto';
import { ensureNetwork, removeNetwork, type DomainError, type NetworkSpec, type RequestOf } from '@infinibay/contracts';
import type { TestService } from './test-service.js';

/** A host on the other side of NATS: keeps what it is told as the real agent does, and can be made to fail. */
export class TestHost {
  readonly hostId = randomUUID();
  readonly networks = new Map<string, { revision: number; spec: NetworkSpec }>();
  ensureCalls = 0;
  /** While set, every command is refused with it. */
  failure: DomainError | undefined;
  /** While set, a command is answered when it resolves. */
  hanging: Promise<void> | undefined;

  /** From here on the host answers; before, there is nobody. */
  connect(service: TestService): void {
    service.serve(ensureNetwork, (request: RequestOf<typeof ensureNetwork>) => this.ensure(request), this.hostId);
    service.serve(removeNetwork, (request: RequestOf<typeof removeNetwork>) => this.remove(request), this.hostId);
  }

  private async ensure({ revision, spec }: RequestOf<typeof ensureNetwork>): Promise<{ changed: boolean }> {
    this.ensureCalls += 1;
    await this.hanging;
    if (this.failure !== undefined) throw this.failure;
    const known = this.networks.get(spec.networkId);
    const changed = known === undefined || known.revision < revision;
    if (changed) this.networks.set(spec.networkId, { revision, spec });
    return { changed };
  }

  private remove({ networkId }: RequestOf<typeof removeNetwork>): Promise<{ removed: boolean }> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve({ removed: this.networks.delete(networkId) });
  }
}
