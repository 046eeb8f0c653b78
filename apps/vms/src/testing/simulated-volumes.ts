import {
  DEFAULT_POOL,
  DomainError,
  abortVolumeMove,
  attachVolume,
  cloneVolume,
  detachVolume,
  ensurePooledVolume,
  ensureVolume,
  growVolume,
  inspectVolume,
  moveVolume,
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
  /** How often it came to another pool. */
  timesMoved: number;
  fence: number;
  poolName: string;
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
  /** Where volumes are being moved to. */
  readonly copying = new Map<string, string>();
  pool = { capacityBytes: 100 * GIB, availableBytes: 80 * GIB };
  /** Pools beside the one that every host has, each as large as that. */
  readonly furtherPools = new Set<string>();
  /** How much of what is moved or cloned is copied; 100: all. */
  copiedPercent = 100;
  /** Whether a move that is ended has come about just before. */
  movesJustBefore = false;
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
      pools: [DEFAULT_POOL, ...this.furtherPools].map((name) => ({
        name,
        kind: 'dir' as const,
        ...this.pool,
        problem: null,
      })),
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
    on(ensureVolume, (request) => this.ensure(request, DEFAULT_POOL));
    on(ensurePooledVolume, (request) => this.ensure(request, request.poolName));
    this.serveMoves(on);
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

  private serveMoves(on: Serve): void {
    const goesOn = () => ({ isComplete: false, copiedBytes: this.copiedPercent, totalBytes: 100 });
    const isDone = { isComplete: true, copiedBytes: 100, totalBytes: 100 };
    const moved = (file: SimulatedVolume, poolName: string): void => {
      if (file.poolName === poolName) return;
      Object.assign(file, { poolName, timesMoved: file.timesMoved + 1 });
    };
    on(moveVolume, (request) =>
      this.command('move-volume', request, (file) => {
        if (file.capacityBytes === null) throw new DomainError('VOLUME_MISSING');
        this.copying.set(request.volumeId, request.poolName);
        if (this.copiedPercent < 100) return goesOn();
        moved(file, request.poolName);
        return isDone;
      }),
    );
    on(abortVolumeMove, (request) =>
      this.command('abort-volume-move', request, (file) => {
        const poolName = this.copying.get(request.volumeId);
        if (this.movesJustBefore && poolName !== undefined) moved(file, poolName);
        this.copying.delete(request.volumeId);
        return { poolName: file.poolName };
      }),
    );
    on(cloneVolume, (request) =>
      this.command('clone-volume', request, (file) => {
        const source = this.files.get(request.sourceVolumeId);
        if (source === undefined || source.capacityBytes === null) throw new DomainError('CLONE_SOURCE_UNUSABLE');
        if (this.copiedPercent < 100) return { ...goesOn(), capacityBytes: 0 };
        const { capacityBytes } = source;
        const timesMade = file.capacityBytes === null ? file.timesMade + 1 : file.timesMade;
        Object.assign(file, { capacityBytes, timesMade, poolName: request.poolName });
        return { ...isDone, capacityBytes };
      }),
    );
  }

  private ensure(
    request: RequestOf<typeof ensureVolume>,
    poolName: string,
  ): Promise<ReplyInputOf<typeof ensureVolume>> {
    return this.command('ensure-volume', request, (file) => {
      if (file.capacityBytes !== null) return { created: false, capacityBytes: file.capacityBytes };
      if (file.timesMade > 0) throw new DomainError('VOLUME_MISSING');
      Object.assign(file, { capacityBytes: request.capacityBytes, timesMade: file.timesMade + 1, poolName });
      return { created: true, capacityBytes: request.capacityBytes };
    });
  }

  private command<T>(
    name: string,
    { volumeId, fence }: { readonly volumeId: string; readonly fence: number },
    act: (file: SimulatedVolume) => T,
  ): Promise<T> {
    const unmade = { capacityBytes: null, timesMade: 0, timesMoved: 0, fence: 0, poolName: DEFAULT_POOL };
    const file: SimulatedVolume = this.files.get(volumeId) ?? unmade;
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
