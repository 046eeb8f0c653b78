import { readFileSync } from 'node:fs';
import path from 'node:path';

import type * as binding from '../../native/libvirt-napi/src/index.ts';
import type { Connection, Domain } from '../../native/libvirt-napi/src/index.ts';
import { startTestLibvirtd, temporaryState } from '../../tools/stack/test-infrastructure.ts';

export type Binding = typeof binding;

/** The built wrapper and addon of this checkout. */
export async function loadBinding(): Promise<Binding> {
  const built = new URL('../../native/libvirt-napi/dist/index.js', import.meta.url).href;
  return (await import(built)) as Binding;
}

/** A guest without disk or network, which the firmware leaves alone; started paused it takes no CPU. */
export const guestXml = (name: string): string =>
  `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os></domain>`;

/** A libvirtd of the bench's own. */
export class BenchHost {
  private readonly state: ReturnType<typeof temporaryState>;
  private readonly daemon: Awaited<ReturnType<typeof startTestLibvirtd>>;

  private constructor(state: ReturnType<typeof temporaryState>, daemon: Awaited<ReturnType<typeof startTestLibvirtd>>) {
    this.state = state;
    this.daemon = daemon;
  }

  static async start(): Promise<BenchHost> {
    const state = temporaryState();
    return new BenchHost(state, await startTestLibvirtd(state));
  }

  get uri(): string {
    return this.daemon.uri;
  }

  /** Defines guests without starting them. */
  async define(connection: Connection, prefix: string, count: number): Promise<Domain[]> {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`);
    return Promise.all(names.map((name) => connection.domains.defineXml(guestXml(name))));
  }

  signalGuest(domain: Domain, signal: NodeJS.Signals): void {
    this.signal(path.join('qemu', `${domain.name ?? ''}.pid`), signal);
  }

  /** The daemon itself, which the host starts again when it was killed. */
  signalDaemon(signal: NodeJS.Signals): void {
    this.signal('libvirtd.pid', signal);
  }

  async stop(): Promise<void> {
    await this.daemon.stop({ guestTimeoutMs: 0 });
    this.state.remove();
  }

  private signal(pidFile: string, signal: NodeJS.Signals): void {
    const pid = Number(readFileSync(path.join(this.state.libvirtDir, 'run', pidFile), 'utf8'));
    if (!Number.isInteger(pid) || pid < 2) throw new Error(`${pidFile} holds no pid`);
    process.kill(pid, signal);
  }
}
