import { io, type Socket } from 'socket.io-client';

interface LiveEvent {
  readonly name: string;
  readonly resource: { readonly kind: string; readonly id: string };
  readonly data: Record<string, unknown>;
}

export interface LiveSample {
  readonly vmId: string;
  readonly metrics: {
    readonly uptimeSeconds: number;
    readonly cpuPercent: number;
    readonly memory: { readonly usedKib: number; readonly totalKib: number };
    readonly processes: readonly {
      readonly name: string;
      readonly pid: number;
      readonly cpuPercent: number;
      readonly memoryKib: number;
    }[];
  };
}

/** How often a session is asked for while the services have no answer in time, as on a busy machine. */
const JOIN_TRIES = 30;
const JOIN_PAUSE_MS = 1_000;

/** The socket.io side of a frontend: joins, prints what comes, and lets the demo wait for what it expects. */
export class LiveFeed {
  private readonly socket: Socket;
  private readonly seen: LiveEvent[] = [];
  readonly samples: LiveSample[] = [];
  private changed: () => void = () => undefined;

  private constructor(socket: Socket, print: (line: string) => void) {
    this.socket = socket;
    socket.on('event', (event: LiveEvent) => {
      this.seen.push(event);
      print(`event   ${event.name.padEnd(22)} ${summary(event)}`);
      this.changed();
    });
    socket.on('metrics', (sample: LiveSample) => {
      this.samples.push(sample);
      print(`metrics ${metricsLine(sample)}`);
      this.changed();
    });
  }

  /** @throws Error why there is no session; where the services had no answer in time it is asked for again */
  static async join(url: string, token: string, print: (line: string) => void): Promise<LiveFeed> {
    const socket = io(url, { auth: { token }, transports: ['websocket'], reconnectionDelayMax: 2_000 });
    await new Promise<void>((resolve, reject) => {
      let left = JOIN_TRIES;
      socket.once('connect', resolve);
      // socket.io itself tries again where there is no connection, not where a session is refused.
      socket.on('connect_error', (refusal: Error & { data?: { kind?: string } }) => {
        const isPassing = refusal.data?.kind === 'timeout' || refusal.data?.kind === 'unavailable';
        left -= 1;
        if (isPassing && left > 0) setTimeout(() => socket.connect(), JOIN_PAUSE_MS);
        else reject(refusal);
      });
    });
    socket.off('connect_error');
    return new LiveFeed(socket, print);
  }

  async follow(vmId: string): Promise<void> {
    const answer = (await this.socket.timeout(10_000).emitWithAck('vm:subscribe', { vmId })) as {
      ok: boolean;
      error?: { code: string };
    };
    if (!answer.ok) throw new Error(`vm:subscribe was refused: ${answer.error?.code ?? 'no reason'}`);
  }

  /** Resolves when `condition` holds; it is looked at after each message. */
  async until(what: string, condition: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${what} was not seen within ${String(timeoutMs / 1_000)} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 500));
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  has(name: string, vmId: string, test: (data: Record<string, unknown>) => boolean = () => true): boolean {
    return this.count(name, vmId, test) > 0;
  }

  count(name: string, vmId: string, test: (data: Record<string, unknown>) => boolean): number {
    return this.seen.filter((event) => event.name === name && event.data['vmId'] === vmId && test(event.data)).length;
  }

  leave(): void {
    this.socket.disconnect();
  }
}

const summary = ({ data }: LiveEvent): string => {
  const { vmId: _vmId, operationId: _operationId, ...rest } = data;
  return Object.entries(rest)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ');
};

export const metricsLine = ({ metrics }: LiveSample): string => {
  const { uptimeSeconds, cpuPercent, memory, processes } = metrics;
  const top = processes
    .slice(0, 3)
    .map((process) => `${process.name}(${String(process.pid)}) ${process.cpuPercent.toFixed(1)}%`);
  const mib = (kib: number): string => (kib / 1_024).toFixed(0);
  return `uptime ${uptimeSeconds.toFixed(0)} s, CPU ${cpuPercent.toFixed(1)} %, memory ${mib(memory.usedKib)}/${mib(memory.totalKib)} MiB, top: ${top.join(', ')}`;
};
