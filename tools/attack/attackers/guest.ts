import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';

import type { AttackContext } from '../context.ts';
import type { Attacker, Load, LoadCounts } from '../load.ts';

const sample = (pid: number): object => ({
  cpu: { usage_percent: 12.5, cores_usage: [10, 15] },
  memory: { total_kb: 196_608, used_kb: 40_960, available_kb: 150_000 },
  disk: { usage_stats: [], io_stats: {} },
  network: { interfaces: [] },
  system: { uptime_seconds: 100, name: 'Linux', hostname: 'guest' },
  processes: [{ pid, ppid: 0, name: 'init', cpu_percent: 0.5, memory_kb: 900, status: 'sleeping' }],
});

const line = (system: object): string =>
  `${JSON.stringify({ type: 'metrics', timestamp: '2001-01-01T00:00:00Z', data: { system } })}\n`;

/** As frames come, but none of them is what it should be. */
const HOSTILE: readonly string[] = [
  line(sample(2 ** 31)),
  line(sample(-1)),
  line({ ...sample(1), cpu: { usage_percent: 1e308, cores_usage: Array.from({ length: 5_000 }, () => 1e308) } }),
  `{"type":"metrics","__proto__":{"polluted":true},"data":{"system":{"__proto__":{"cpu":1}}}}\n`,
  `${'['.repeat(100_000)}\n`,
  `{"type":"${'x'.repeat(60_000)}"}\n`,
  `${JSON.stringify({ type: 'error_report', error_type: '\u001b[2J\r\n'.repeat(1_000) })}\n`,
  '{"type":"keep_alive","sequence_number":1e400}\n'.repeat(1_000),
  '\n'.repeat(65_536),
  'half a line and no end '.repeat(10_000),
  `{"type":"metrics","data":"${'y'.repeat(4_000_000)}\n`,
];

/** Writes as fast as the host reads: the host's own limits are what holds a guest back. */
const pour = async (
  socket: Socket,
  texts: readonly string[],
  signal: AbortSignal,
  counts: LoadCounts,
): Promise<void> => {
  for (let index = 0; !signal.aborted && !socket.destroyed; index += 1) {
    counts.sent += 1;
    const flows = socket.write(texts[index % texts.length] ?? '');
    if (!flows)
      await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(() => undefined);
    else await new Promise((resolve) => setImmediate(resolve));
    counts.answered += 1;
  }
};

/** Plays QEMU's part for a VM of the attacker's that is off: what a guest writes comes out of this socket. */
const guestThat =
  (context: AttackContext, texts: readonly string[]): Load =>
  async (signal, counts) => {
    const folder = path.join(context.agentSocketDir, context.ownVmId);
    mkdirSync(folder, { recursive: true });
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      void pour(socket, texts, signal, counts);
    });
    server.listen(path.join(folder, 'agent.sock'));
    await once(server, 'listening');
    if (!signal.aborted) await once(signal, 'abort');
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  };

/** Whoever has root in a guest. */
export const guest = (context: AttackContext): Attacker => ({
  description: 'frames with impossible numbers, depth, length and no end, as fast as they are read',
  harmless: guestThat(context, [line(sample(1))]),
  worst: guestThat(context, HOSTILE),
});
