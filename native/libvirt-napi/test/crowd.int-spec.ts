// Many guests that don't answer at once, as when the storage below them hangs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';
import type { Connection } from '../src/connection.ts';
import type { Domain } from '../src/domain.ts';
import { bareGuest, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const suite = hasQemu ? describe : describe.skip;

/** More than the pool has workers. */
const GUESTS = 16;

suite('a host whose guests all hang', () => {
  let lab: Lab;
  let sut: Connection;
  let guests: Domain[];
  const quarantined = new Set<string>();

  const signalAll = (name: NodeJS.Signals): void => {
    for (const guest of guests) {
      const file = path.join(lab.state.libvirtDir, 'run', 'qemu', `${guest.name ?? ''}.pid`);
      process.kill(Number(readFileSync(file, 'utf8')), name);
    }
  };

  beforeAll(async () => {
    lab = await openLab();
    sut = lab.connection;
    sut.on('domainQuarantined', ({ uuid }) => quarantined.add(uuid));
    sut.on('domainReleased', ({ uuid }) => quarantined.delete(uuid));
    guests = await Promise.all(
      Array.from({ length: GUESTS }, (_, n) => sut.domains.createXml(bareGuest(`g${n}`), { paused: true })),
    );
  }, 120_000);

  afterAll(async () => {
    signalAll('SIGCONT');
    await lab.close();
  }, 60_000);

  it('still answers for itself, tells their states, and says which hang', async () => {
    signalAll('SIGSTOP');
    let ended = 0;
    const hang = <T>(calls: readonly Promise<T>[]) =>
      Promise.allSettled(calls.map((call) => call.finally(() => (ended += 1))));
    const timeoutMs = patience(2_500);
    const stuck = hang(guests.map((guest) => guest.reset({ timeoutMs })));
    const polled = hang(Array.from({ length: 8 }, () => sut.domains.allStats(['block'], { timeoutMs })));
    // Once every place that guests may take is taken.
    expect(await sut.hostname()).not.toBe('');
    expect((await sut.domains.list({ running: true, paused: true })).length).toBe(GUESTS);
    expect((await sut.domains.allStats(['state'])).length).toBe(GUESTS);
    expect(await Promise.all(guests.map(async (guest) => (await guest.state()).state))).toEqual(
      guests.map(() => 'paused'),
    );
    // Before any of these was given up: none of it had to wait for them.
    expect(ended).toBe(0);
    expect((await polled).every(({ status }) => status === 'rejected')).toBe(true);
    for (const outcome of await stuck)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT', call: 'resetDomain' } });
    expect(quarantined.size).toBeGreaterThanOrEqual(8);
    const object = (await stuck).map((each) =>
      each.status === 'rejected' ? (each.reason as { object: string }).object : '',
    );
    expect(object).toEqual(guests.map(({ uuid }) => uuid));
    expect(await sut.alive()).toBe(true);
  }, 60_000);

  it('is freed of one of them by destroying it, and all are let out when they answer', async () => {
    const [victim] = guests.splice(0, 1);
    await victim?.destroy({ timeoutMs: patience(30_000) });
    signalAll('SIGCONT');
    await pollUntil(() => quarantined.size === 0, { what: 'the release of all', timeoutMs: 30_000 });
    await Promise.all(guests.map((guest) => guest.reset()));
  }, 90_000);
});
