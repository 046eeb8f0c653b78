import { readFileSync } from 'node:fs';

import { readComposeFile } from '../quality/compose-file.ts';
import type { RunningSystem } from '../e2e/running-system.ts';
import { SERVICES } from '../stack/services.ts';

const EVERY_MS = 500;
const UNITS: Readonly<Record<string, number>> = { k: 1 / 1_024, m: 1, g: 1_024 };

/** Memory limits of docker-compose.yml in MiB, by service. */
export const composeLimitsMib = (): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(readComposeFile().services).map(([name, { deploy }]) => {
      const [, amount = '', unit = ''] = /^(\d+)([kmg])$/.exec(deploy.resources.limits.memory) ?? [];
      return [name, Number(amount) * (UNITS[unit] ?? Number.NaN)];
    }),
  );

const residentMib = (pid: number): number | undefined => {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1_024;
  } catch {
    // The process has ended; `died` tells.
    return undefined;
  }
};

/** What became of the services during one phase. */
export interface Health {
  /** The most resident memory that was seen, in MiB, by service. */
  readonly peakMib: Readonly<Record<string, number>>;
  readonly died: readonly string[];
  /** Messages that the stream of events has gained. */
  readonly newEvents: number;
}

interface StreamDetail {
  readonly name: string;
  readonly state: { readonly messages: number };
}
interface JetStreamReport {
  readonly account_details?: readonly { readonly stream_detail?: readonly StreamDetail[] }[];
}

/** How many events are stored, as the NATS server's own monitoring tells; streams in all accounts count. */
const storedEvents = async (system: RunningSystem): Promise<number> => {
  const response = await fetch(
    `http://127.0.0.1:${String(system.state.ports['natsMonitor'])}/jsz?streams=true&accounts=true`,
  );
  const report = (await response.json()) as JetStreamReport;
  return (report.account_details ?? [])
    .flatMap(({ stream_detail: streams = [] }) => streams)
    .filter(({ name }) => name === 'EVENTS')
    .reduce((sum, { state }) => sum + state.messages, 0);
};

/** Looks at every service's process from outside, from its making to `end`. */
export class ServiceWatch {
  private readonly system: RunningSystem;
  private readonly pids: ReadonlyMap<string, number>;
  private eventsBefore: number;
  private readonly peaks = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  private constructor(system: RunningSystem, pids: ReadonlyMap<string, number>, eventsBefore: number) {
    this.system = system;
    this.pids = pids;
    this.eventsBefore = eventsBefore;
    this.timer = setInterval(() => {
      this.look();
    }, EVERY_MS);
  }

  static async begin(system: RunningSystem): Promise<ServiceWatch> {
    const pids = await Promise.all(SERVICES.map(async ({ name }) => [name, await system.pidOf(name)] as const));
    return new ServiceWatch(system, new Map(pids), await storedEvents(system));
  }

  /** What the load made ready for itself is no growth that the attack caused: rules that are accepted have their events. */
  async countEventsFromHere(): Promise<void> {
    this.eventsBefore = await storedEvents(this.system);
  }

  async end(): Promise<Health> {
    clearInterval(this.timer);
    this.look();
    const now = await Promise.all(
      [...this.pids].map(async ([name, pid]) => ({
        name,
        same: (await this.system.pidOf(name).catch(() => -1)) === pid,
      })),
    );
    return {
      peakMib: Object.fromEntries(this.peaks),
      died: now.filter(({ same }) => !same).map(({ name }) => name),
      newEvents: (await storedEvents(this.system)) - this.eventsBefore,
    };
  }

  private look(): void {
    for (const [name, pid] of this.pids) {
      const mib = residentMib(pid);
      if (mib !== undefined) this.peaks.set(name, Math.max(mib, this.peaks.get(name) ?? 0));
    }
  }
}
