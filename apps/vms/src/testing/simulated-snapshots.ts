import {
  DomainError,
  createSnapshot,
  deleteSnapshot,
  dismissRevert,
  revertToSnapshot,
  type ErrorCode,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import type { SimulatedVm } from './neighbours.js';
import { SimulatedClones } from './simulated-clones.js';

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

type OnVm = <T>(
  name: string,
  request: { readonly vmId: string; readonly fence: number },
  act: (vm: SimulatedVm) => T,
) => Promise<T>;

interface HeldSnapshot {
  readonly vmId: string;
  readonly volumeIds: readonly string[];
  readonly withMemory: boolean;
  /** What the disks held: a number that each write of a guest makes another. */
  readonly content: number;
}

const MEMORY_BYTES = 50_000_000;

/** Snapshots of the simulated host: what the disks of its VMs hold, and held. */
export class SimulatedSnapshots {
  readonly held = new Map<string, HeldSnapshot>();
  /** By VM. */
  readonly content = new Map<string, number>();
  /** Operations whose revert was done, each once. */
  readonly reverts: string[] = [];
  /** How often a snapshot is answered to be incomplete before it is complete. */
  looksUntilComplete = 0;
  /** What a command is refused with. */
  readonly refusals = new Map<string, ErrorCode>();
  /** VMs whose revert has not ended: they don't start. */
  readonly unfinished = new Set<string>();
  readonly clones = new SimulatedClones(this);

  write(vmId: string): number {
    const content = (this.content.get(vmId) ?? 0) + 1;
    this.content.set(vmId, content);
    return content;
  }

  of(vmId: string): string[] {
    return [...this.held].filter(([, one]) => one.vmId === vmId).map(([id]) => id);
  }

  gone(vmId: string): void {
    for (const id of this.of(vmId)) this.held.delete(id);
    this.unfinished.delete(vmId);
  }

  requireStartable(vmId: string): void {
    if (this.unfinished.has(vmId)) throw new DomainError('REVERT_UNFINISHED', { vmId });
  }

  serve(on: Serve, onVm: OnVm): void {
    this.serveDismissal(on, onVm);
    on(createSnapshot, (request) =>
      onVm('create-snapshot', request, ({ power }) => {
        const { vmId, snapshotId, withMemory, volumeIds } = request;
        const isOn = power === 'running' || power === 'paused';
        if (this.held.has(snapshotId)) return { isComplete: true, memoryBytes: withMemory ? MEMORY_BYTES : 0 };
        this.refuse('create-snapshot');
        if (withMemory !== isOn) throw new DomainError('VM_BUSY', { power });
        if (this.looksUntilComplete > 0) {
          this.looksUntilComplete -= 1;
          return { isComplete: false, memoryBytes: null };
        }
        this.held.set(snapshotId, { vmId, volumeIds, withMemory, content: this.content.get(vmId) ?? 0 });
        return { isComplete: true, memoryBytes: withMemory ? MEMORY_BYTES : 0 };
      }),
    );
    on(deleteSnapshot, (request) =>
      onVm('delete-snapshot', request, () => {
        this.refuse('delete-snapshot');
        this.held.delete(request.snapshotId);
        return { isComplete: true };
      }),
    );
    on(revertToSnapshot, (request) =>
      onVm('revert-to-snapshot', request, (vm) => {
        const { vmId, operationId, snapshotId, withMemory } = request;
        const power = vm.power ?? 'off';
        if (this.reverts.includes(operationId)) return { isComplete: true };
        if (power !== 'off') throw new DomainError('VM_BUSY', { power });
        if (this.looksUntilComplete > 0) {
          this.looksUntilComplete -= 1;
          return { isComplete: false };
        }
        const held = this.held.get(snapshotId);
        if (held === undefined) throw new DomainError('SNAPSHOT_MISSING');
        const code = this.refusals.get('revert-to-snapshot');
        if (code === 'REVERT_UNFINISHED') this.unfinished.add(vmId);
        this.refuse('revert-to-snapshot');
        this.reverts.push(operationId);
        this.content.set(vmId, held.content);
        this.unfinished.delete(vmId);
        if (withMemory) {
          if (!vm.filter || !vm.port) throw new Error('a guest would run without its filter or its port');
          Object.assign(vm, { power: 'running', reason: 'from-snapshot' });
          vm.sizes.powered(true);
        }
        return { isComplete: true };
      }),
    );
  }

  private serveDismissal(on: Serve, onVm: OnVm): void {
    on(dismissRevert, (request) =>
      onVm('dismiss-revert', request, () => ({ wasUnfinished: this.unfinished.delete(request.vmId) })),
    );
  }

  private refuse(name: string): void {
    const code = this.refusals.get(name);
    if (code !== undefined) throw new DomainError(code);
  }
}
