import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { holdsFor, leastOf, longestTurnOf, pollUntil } from '@infinibay/testing';
import type { GuestMessage } from '../frames/frame-decoder.js';
import { LineMemory } from '../frames/line-memory.js';
import { metricsFrame } from '../testing/agent-frames.js';
import { GuestServer } from '../testing/guest-server.js';
import { GuestConnection, type GuestLimits, type GuestListener } from './guest-connection.js';
import { TurnQueue } from './turn-queue.js';

const LIMITS: GuestLimits = { framesPerSecond: 20, framesBurst: 60, bytesPerSecond: 262_144 };
const VM_A = '0196f5a0-0000-7000-8000-000000000001';

class Recorder implements GuestListener {
  readonly messages: GuestMessage[] = [];
  readonly refused: string[] = [];
  readonly paused: string[] = [];
  skipped = 0;
  connects = 0;
  disconnected = (): void => undefined;
  onConnected(): void {
    this.connects += 1;
  }
  onDisconnected(): void {
    this.disconnected();
  }
  onMessage(message: GuestMessage): void {
    this.messages.push(message);
  }
  onRefused(reason: string): void {
    this.refused.push(reason);
  }
  onSkipped(bytes: number): void {
    this.skipped += bytes;
  }
  onPaused(budget: string): void {
    this.paused.push(budget);
  }
}

let folder: string;
let guests: GuestServer[];
let connections: GuestConnection[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ib-guest-'));
  guests = [];
  connections = [];
});
afterEach(async () => {
  for (const connection of connections) connection.close();
  await Promise.all(guests.map((guest) => guest.close()));
  rmSync(folder, { recursive: true, force: true });
});

const turns = new TurnQueue();
const memory = new LineMemory(16_777_216);
const open = async (
  vmId: string,
  limits = LIMITS,
  now?: () => number,
): Promise<{ guest: GuestServer; seen: Recorder; connection: GuestConnection }> => {
  const guest = await GuestServer.listen(folder, vmId);
  const seen = new Recorder();
  const connection = new GuestConnection(join(guest.folder, 'agent.sock'), limits, turns, seen, memory, now);
  guests.push(guest);
  connections.push(connection);
  connection.open();
  await pollUntil(() => guest.isConnected, { what: 'the connection' });
  return { guest, seen, connection };
};

describe(GuestConnection.name, () => {
  it('reads a frame whose chunks end inside a multibyte character', async () => {
    const { guest, seen } = await open(VM_A);
    const bytes = Buffer.from('{"type":"handshake","version":"é€😀"}\n');
    for (const byte of bytes) {
      guest.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await pollUntil(() => seen.messages.length === 1);
    expect(seen.messages).toEqual([{ type: 'handshake', agentVersion: 'é€😀' }]);
  });

  it('leaves a flood in the guest: reads at the budget and holds almost nothing', async () => {
    let now = 0;
    const { guest, seen } = await open(VM_A, LIMITS, () => now);
    const flood = Buffer.from('{"type":"ping"}\n'.repeat(2_000_000));
    const rss = process.memoryUsage.rss();
    guest.write(flood);
    await pollUntil(() => seen.messages.length >= 60, { what: 'the burst' });
    await holdsFor(300, () => seen.messages.length === 60, 'no more than the burst is read while no time passes');
    now += 2_000;
    await pollUntil(() => seen.messages.length >= 100, { what: 'the frames of two seconds' });
    await holdsFor(300, () => seen.messages.length === 100, 'no more than these are read');
    expect(seen.paused).toContain('frames');
    // The kernel's socket buffers have some; all else still waits at the guest's end.
    expect(guest.unread).toBeGreaterThan(flood.length - 2_000_000);
    expect(process.memoryUsage.rss() - rss).toBeLessThan(30_000_000);
  });

  it('pauses a guest that sends few but large frames', async () => {
    let now = 0;
    const { guest, seen } = await open(VM_A, { ...LIMITS, framesPerSecond: 1_000, framesBurst: 1_000 }, () => now);
    const large = `${JSON.stringify({ type: 'ping', padding: 'x'.repeat(60_000) })}\n`;
    const read = (): number => seen.messages.length * large.length;
    guest.write(large.repeat(100));
    await pollUntil(() => seen.paused.includes('bytes'), { what: 'the pause' });
    for (const seconds of [2, 4]) {
      const allowed = seconds * LIMITS.bytesPerSecond;
      await pollUntil(() => read() > allowed - large.length, { what: `what ${seconds} s allow` });
      await holdsFor(300, () => read() < allowed + large.length, `no more is read than ${seconds} s allow`);
      now += 2_000;
    }
  });

  /** @returns the longest turn of the event loop, milliseconds of CPU */
  const skipLongLine = async (): Promise<number> => {
    const { guest, seen } = await open(randomUUID(), { ...LIMITS, bytesPerSecond: 16 * LIMITS.bytesPerSecond });
    const chunk = Buffer.alloc(262_144, 'x');
    guest.write(metricsFrame(1));
    await pollUntil(() => seen.messages.length === 1);
    const rss = process.memoryUsage.rss();
    const longestCpuMs = await longestTurnOf(async () => {
      for (let sent = 0; sent < 100_000_000; sent += chunk.length) {
        guest.write(chunk);
        await guest.drained();
      }
      guest.write(`\n${metricsFrame(2)}`);
      await pollUntil(() => seen.messages.length === 2, { timeoutMs: 30_000, what: 'the frame after the long line' });
    });
    expect(seen.refused).toEqual(['oversize']);
    expect(seen.skipped).toBeGreaterThan(100_000_000);
    expect(process.memoryUsage.rss() - rss).toBeLessThan(30_000_000);
    return longestCpuMs;
  };

  it('skips a line of 100 MB within 30 MB of memory and 50 ms of the event loop at a time, then reads on', async () => {
    expect(await leastOf(50, skipLongLine)).toBeLessThan(50);
  });

  /** @returns the longest turn of the event loop, milliseconds of CPU */
  const sampleBesideFlood = async (): Promise<number> => {
    // No budget holds the flood up: only the queue stands between the two.
    const flooding = await open(randomUUID(), { framesPerSecond: 1e9, framesBurst: 1e9, bytesPerSecond: 1e9 });
    const quiet = await open(randomUUID());
    flooding.guest.write(Buffer.from(`${'[['.repeat(8)}\n`.repeat(1_000_000)));
    await pollUntil(() => flooding.seen.refused.length > 0, { what: 'the flood' });
    let most = 0;
    const longestCpuMs = await longestTurnOf(async () => {
      for (let sample = 1; sample <= 20; sample += 1) {
        quiet.guest.write(metricsFrame(sample));
        let turnsTaken = 0;
        for (; quiet.seen.messages.length < sample && turnsTaken < 1_000; turnsTaken += 1) await nextLoop();
        most = Math.max(most, turnsTaken);
      }
    });
    expect(most).toBeLessThan(20);
    expect(quiet.seen.messages).toHaveLength(20);
    expect(quiet.seen.paused).toEqual([]);
    expect(flooding.seen.refused.length).toBeLessThan(1_000_000);
    flooding.connection.close();
    return longestCpuMs;
  };

  it('samples a neighbour within a few short turns of the event loop while another guest floods', async () => {
    expect(await leastOf(50, sampleBesideFlood)).toBeLessThan(50);
  });

  it('connects again after the other end hangs up, with no leftovers of the line before', async () => {
    const { guest, seen } = await open(VM_A);
    guest.write(`${metricsFrame(1)}{"type":"half`);
    await pollUntil(() => seen.messages.length === 1);
    guest.hangUp();
    await pollUntil(() => seen.connects === 2 && guest.isConnected, { what: 'a new connection' });
    guest.write(metricsFrame(2));
    await pollUntil(() => seen.messages.length === 2);
    expect(seen.refused).toEqual([]);
  });

  it('connects again though its turn to read comes after the other end hung up, in debt of bytes', async () => {
    const { guest, seen, connection } = await open(VM_A, { ...LIMITS, bytesPerSecond: 1_000 }, () => 0);
    seen.disconnected = () => {
      setImmediate(() => connection.takeTurn());
    };
    guest.write(`${JSON.stringify({ type: 'ping', padding: 'x'.repeat(3_000) })}\n`);
    await pollUntil(() => seen.paused.includes('bytes'), { what: 'the pause' });
    guest.hangUp();
    await pollUntil(() => seen.connects === 2 && guest.isConnected, { timeoutMs: 30_000, what: 'a new connection' });
  });

  it('sends no more than a bounded amount to a guest that does not read', async () => {
    const { connection, seen, guest } = await open(VM_A);
    guest.pause();
    const rss = process.memoryUsage.rss();
    for (let sent = 0; sent < 200_000; sent += 1)
      connection.send({ type: 'keep_alive_response', sequence_number: sent, timestamp: '' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.memoryUsage.rss() - rss).toBeLessThan(30_000_000);
    guest.write(metricsFrame(1));
    await pollUntil(() => seen.messages.length === 1);
  });
});
