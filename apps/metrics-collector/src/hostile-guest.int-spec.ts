import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventSubject, getSamplePage, vmGuestConnected, vmGuestSilent } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { systemOf } from './testing/agent-frames.js';
import type { GuestServer } from './testing/guest-server.js';
import { RunningCollector } from './testing/running-collector.js';

let collector: RunningCollector;
let guests: GuestServer[] = [];

beforeAll(async () => {
  collector = await RunningCollector.start({ GUEST_SILENT_SECONDS: '3' });
});
afterEach(async () => {
  await Promise.all(guests.map((guest) => guest.close()));
  guests = [];
});
afterAll(() => collector.stop());

const startGuest = async (): Promise<GuestServer> => {
  const guest = await collector.startGuest();
  guests.push(guest);
  return guest;
};

const frameWith = (uptimeSeconds: number, data: object): string =>
  `${JSON.stringify({ type: 'metrics', data: { system: systemOf(uptimeSeconds), ...data } })}\n`;

const storeRow = (vmId: string, payload: object, sampledAt = new Date()): Promise<unknown> =>
  collector.client.guestSample.create({
    data: {
      vmId,
      departmentId: collector.departmentId,
      sampledAt,
      uptimeSeconds: 1,
      cpuPercent: 1,
      memoryTotalKib: 1,
      memoryUsedKib: 1,
      payload,
    },
  });

describe('numbers of a guest', () => {
  it('that GraphQL can not carry are left out with their process, and the sample is read', async () => {
    const guest = await startGuest();
    const processes = [
      { pid: 2 ** 31, name: 'past' },
      { pid: 2 ** 53, name: 'far past' },
      { pid: -1, name: 'before' },
      { name: 'none' },
      { pid: 2 ** 31 - 1, ppid: 2 ** 31, name: 'last', cpu_percent: 1e308, memory_kb: 1e308 },
    ];
    const sample = await collector.sampled(guest, 7, frameWith(7, { processes }));
    expect(sample.metrics.processes).toMatchObject([{ pid: 2 ** 31 - 1, parentPid: null, name: 'last' }]);
  });

  it('that an older version stored do not keep the other samples from being read', async () => {
    const guest = await startGuest();
    const { metrics } = await collector.sampled(guest, 7);
    const [process] = metrics.processes;
    const at = Date.now() + 1_000;
    await storeRow(guest.vmId, {}, new Date(at));
    await storeRow(guest.vmId, {
      ...metrics,
      processes: [
        { ...process, pid: 3e9 },
        { ...process, parentPid: 3e9 },
      ],
    });
    const from = new Date(at - 3_600_000).toISOString();
    const page = await collector.requests.call(getSamplePage, {
      vmId: guest.vmId,
      from,
      to: new Date(at + 60_000).toISOString(),
      limit: 100,
    });
    expect(page.samples.map(({ vmId }) => vmId)).toContain(guest.vmId);
    expect(page.samples.flatMap((sample) => sample.metrics.processes.map(({ pid }) => pid))).not.toContain(3e9);
    expect(page.samples.flatMap((sample) => sample.metrics.processes.map((one) => one.parentPid))).not.toContain(3e9);
  });
});

describe('lines of a guest', () => {
  it('of 80 kB and of 1.2 MB, with many services and sockets, are read', async () => {
    const guest = await startGuest();
    const services = (count: number, padding: number) =>
      Array.from({ length: count }, (_, index) => ({
        name: `service-${index}`,
        display_name: 'x'.repeat(padding),
        state: 'Running',
        start_type: 'Automatic',
      }));
    const ports = Array.from({ length: 2_000 }, (_, port) => ({
      port,
      protocol: 'tcp',
      process_id: 4,
      state: 'LISTEN',
    }));
    await collector.sampled(guest, 80, frameWith(80, { windows_services: services(280, 220) }));
    await collector.sampled(guest, 1_200, frameWith(1_200, { windows_services: services(280, 3_600), ports }));
  });

  it('beyond 4 MiB are refused and counted, and the next is read', async () => {
    const guest = await startGuest();
    const before = await collector.metric('infinibay_guest_frames_dropped_total', 'oversize');
    guest.write(`${'x'.repeat(4_300_000)}\n`);
    await pollUntil(async () => (await collector.metric('infinibay_guest_frames_dropped_total', 'oversize')) > before, {
      timeoutMs: 30_000,
      what: 'the refusal',
    });
    await collector.sampled(guest, 9);
  });

  it('that 60 guests begin and never end hold a bounded number of bytes, and a neighbour is still read', async () => {
    const hostile = await Promise.all(Array.from({ length: 60 }, startGuest));
    const neighbour = await startGuest();
    const chunk = Buffer.alloc(262_144, 'x');
    let most = 0;
    for (let sent = 0; sent < 16; sent += 1) {
      for (const guest of hostile) guest.write(chunk);
      await collector.sampled(neighbour, 100 + sent);
      most = Math.max(most, await collector.metric('infinibay_guest_line_bytes'));
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(25_165_824);
    expect(await collector.metric('infinibay_guest_frames_dropped_total', 'no_memory')).toBeGreaterThan(0);
  });
});

describe('what a guest is told', () => {
  it('as the answer to a keep-alive has the time as ISO text', async () => {
    const guest = await startGuest();
    guest.write('{"type":"keep_alive","sequence_number":41,"timestamp":1}\n');
    const line = await pollUntil(() => guest.lines[0], { what: 'the answer' });
    const answer = JSON.parse(line) as { timestamp: unknown };
    expect(answer).toEqual({ type: 'keep_alive_response', sequence_number: 41, timestamp: expect.any(String) });
    expect(new Date(String(answer.timestamp)).toISOString()).toBe(answer.timestamp);
  });
});

describe('the history of a guest', () => {
  it('is given newest first, and says when there is more', async () => {
    const guest = await startGuest();
    const { metrics } = await collector.sampled(guest, 1);
    const begin = Date.now() - 1_800_000;
    for (let uptime = 11; uptime <= 15; uptime += 1)
      await storeRow(guest.vmId, { ...metrics, uptimeSeconds: uptime }, new Date(begin + uptime));
    const query = { vmId: guest.vmId, from: new Date(begin).toISOString(), limit: 3 };
    const first = await collector.requests.call(getSamplePage, {
      ...query,
      to: new Date(begin + 60_000).toISOString(),
    });
    expect(first.samples.map((sample) => sample.metrics.uptimeSeconds)).toEqual([15, 14, 13]);
    expect(first.more).toBe(true);
    const to = first.samples.at(-1)?.sampledAt ?? '';
    const second = await collector.requests.call(getSamplePage, { ...query, to });
    expect(second.samples.map((sample) => sample.metrics.uptimeSeconds)).toEqual([12, 11]);
    expect(second.more).toBe(false);
  });
});

describe('a guest that falls silent', () => {
  it('is told once, and told as connected again when it speaks', async () => {
    const guest = await startGuest();
    const told: string[] = [];
    for (const { name } of [vmGuestConnected, vmGuestSilent])
      collector.nats.subscribe(
        eventSubject({ name, departmentId: collector.departmentId, resource: { kind: 'vm', id: guest.vmId } }),
        {
          callback: () => {
            told.push(name);
          },
        },
      );
    await collector.nats.flush();
    await collector.sampled(guest, 1);
    await pollUntil(() => told.includes(vmGuestSilent.name), { timeoutMs: 30_000, what: 'the silence' });
    await collector.sampled(guest, 2);
    await pollUntil(() => told.length >= 3, { timeoutMs: 30_000, what: 'the second connection' });
    expect(told.slice(0, 3)).toEqual([vmGuestConnected.name, vmGuestSilent.name, vmGuestConnected.name]);
    const silences = () => told.filter((name) => name === vmGuestSilent.name).length;
    const before = silences();
    await guest.close();
    await pollUntil(() => silences() > before, { timeoutMs: 30_000, what: 'the end of the socket' });
  });
});
