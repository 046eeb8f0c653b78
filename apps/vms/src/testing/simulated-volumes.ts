import {
  DomainError,
  attachVolume,
  detachVolume,
  ensureVolume,
  growVolume,
  inspectVolume,
  removeVolume,
  type DomainPower,
  type ErrorCode,
  type ReplyInputOf,
  type ReportInputOf,
  type RequestContract,
  type RequestOf,
  type hostPoolsObserved,
} from '@infinibay/contracts';
import type { SimulatedVm } from './neighbours.js';

const GIB = 1_073_741_824;

interface SimulatedVolume {
  /** null: there is no file. */
  capacityBytes: number | null;
  timesMade: number;
  fence: number;
}

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

type OnVm = <T>(
  name: string,
  request: { readonly vmId: string; readonly fence: number },
  act: (vm: SimulatedVm) => T,
) => Promise<T>;

/** The volumes of the simulated host: files, and which of them are disks of a definition or of a running guest. */
export class SimulatedVolumes {
  readonly files = new Map<string, SimulatedVolume>();
  /** `vmId/volumeId/target` */
  readonly definitions = new Set<string>();
  readonly live = new Set<string>();
  readonly calls: string[] = [];
  pool = { capacityBytes: 100 * GIB, availableBytes: 80 * GIB };
  /** What a command is refused with. */
  refusal: ErrorCode | null = null;
  /** Volumes that a command is refused for, and with what. */
  readonly refusals = new Map<string, ErrorCode>();
  /** Whether guests keep a disk that they are asked for. */
  isKept = false;
  /** Growth is kept waiting by this. */
  gate: Promise<void> = Promise.resolve();
  /** Whether what has grown is not told of. */
  losesAnswers = false;
  /** Volumes that guests keep. */
  readonly kept = new Set<string>();

  report(hostId: string, sequence: number): ReportInputOf<typeof hostPoolsObserved> {
    const files = [...this.files].filter(([, { capacityBytes }]) => capacityBytes !== null);
    return {
      hostId,
      pools: [{ name: 'default', kind: 'dir', ...this.pool, problem: null }],
      volumes: files.map(([volumeId]) => ({ volumeId, allocationBytes: 262_144 })),
      sequence,
    };
  }

  /** Names of the volumes at a VM, of the definition or of the guest. */
  at(vmId: string, where: 'definition' | 'guest'): string[] {
    const entries = [...(where === 'guest' ? this.live : this.definitions)];
    return entries.filter((entry) => entry.startsWith(vmId)).map((entry) => entry.slice(vmId.length + 1));
  }

  /** A definition that is written anew, or forgotten, has no volumes. */
  defined(vmId: string): void {
    for (const place of this.at(vmId, 'definition')) this.definitions.delete(`${vmId}/${place}`);
  }

  /** A guest has what is defined when it starts, and nothing when it is off. */
  powered(vmId: string, power: DomainPower): void {
    if (power === 'shutting-down' || power === 'paused') return;
    for (const place of this.at(vmId, 'guest')) this.live.delete(`${vmId}/${place}`);
    if (power === 'running') for (const place of this.at(vmId, 'definition')) this.live.add(`${vmId}/${place}`);
  }

  serve(on: Serve, onVm: OnVm): void {
    on(ensureVolume, (request) =>
      this.command('ensure-volume', request, (file) => {
        if (file.capacityBytes !== null) return { created: false, capacityBytes: file.capacityBytes };
        if (file.timesMade > 0) throw new DomainError('VOLUME_MISSING');
        Object.assign(file, { capacityBytes: request.capacityBytes, timesMade: file.timesMade + 1 });
        return { created: true, capacityBytes: request.capacityBytes };
      }),
    );
    on(growVolume, async (request) => {
      await this.gate;
      return this.command('grow-volume', request, (file) => {
        if (file.capacityBytes === null) throw new DomainError('VOLUME_MISSING');
        file.capacityBytes = Math.max(file.capacityBytes, request.capacityBytes);
        if (this.losesAnswers) throw new DomainError('HYPERVISOR_ERROR');
        return { capacityBytes: file.capacityBytes, isOnline: request.vmId !== null };
      });
    });
    on(inspectVolume, ({ volumeId }) => {
      const capacityBytes = this.files.get(volumeId)?.capacityBytes ?? null;
      const found = { capacityBytes, allocationBytes: capacityBytes === null ? null : 262_144 };
      if (capacityBytes !== null) return Promise.resolve({ status: 'SOUND', ...found, problem: null });
      const problem = { code: 'VOLUME_MISSING' as const, message: 'There is no such file' };
      return Promise.resolve({ status: 'ABSENT', ...found, problem });
    });
    on(removeVolume, (request) =>
      this.command('remove-volume', request, (file) => {
        const removed = file.capacityBytes !== null;
        file.capacityBytes = null;
        return { removed };
      }),
    );
    on(attachVolume, (request) =>
      onVm('attach-volume', request, ({ power }) => {
        const file = this.files.get(request.volumeId);
        this.refuse(request.volumeId);
        if ((file?.capacityBytes ?? null) === null) throw new DomainError('VOLUME_MISSING');
        const place = `${request.vmId}/${request.volumeId}/${request.target}`;
        const isLive = power === 'running' || power === 'paused';
        if (isLive) this.live.add(place);
        if (power !== null) this.definitions.add(place);
        return { isLive };
      }),
    );
    on(detachVolume, (request) =>
      onVm('detach-volume', request, () => {
        const place = `${request.vmId}/${request.volumeId}/${request.target}`;
        if ((this.isKept || this.kept.has(request.volumeId)) && this.live.has(place)) return { isDetached: false };
        this.live.delete(place);
        this.definitions.delete(place);
        return { isDetached: true };
      }),
    );
  }

  private command<T>(
    name: string,
    { volumeId, fence }: { readonly volumeId: string; readonly fence: number },
    act: (file: SimulatedVolume) => T,
  ): Promise<T> {
    const file = this.files.get(volumeId) ?? { capacityBytes: null, timesMade: 0, fence: 0 };
    this.files.set(volumeId, file);
    if (fence < file.fence) return Promise.reject(new DomainError('STALE_FENCE', { volumeId }));
    file.fence = fence;
    this.calls.push(name);
    return Promise.resolve().then(() => {
      this.refuse(volumeId);
      return act(file);
    });
  }

  private refuse(volumeId: string): void {
    const code = this.refusals.get(volumeId) ?? this.refusal;
    if (code !== null) throw new DomainError(code);
  }
}
