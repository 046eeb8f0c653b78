// Guests that don't answer: QEMU processes stopped with SIGSTOP under a libvirtd of its own.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';
import { missingForLibvirtd } from '../../../tools/stack/libvirtd.ts';
import { startTestLibvirtd, temporaryState } from '../../../tools/stack/test-infrastructure.ts';
import { Connection } from '../src/connection.ts';
import type { Domain } from '../src/domain.ts';

const suite = missingForLibvirtd().length === 0 ? describe : describe.skip;

const xmlOf = (name: string): string =>
  `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os></domain>`;

const codesOf = (outcomes: readonly PromiseSettledResult<unknown>[]): string[] =>
  outcomes.map((o) => (o.status === 'rejected' ? (o.reason as { code: string }).code : 'answered'));

suite('a guest that does not answer', () => {
  const state = temporaryState();
  const told: string[] = [];
  let daemon: Awaited<ReturnType<typeof startTestLibvirtd>>;
  let sut: Connection;
  let victim: Domain;
  let others: Domain[];

  const start = async (name: string): Promise<Domain> => {
    const domain = await sut.domains.defineXml(xmlOf(name));
    await domain.create({ paused: true });
    return domain;
  };

  const signal = (domain: Domain, name: NodeJS.Signals): void => {
    const pid = Number(readFileSync(path.join(state.libvirtDir, 'run', 'qemu', `${domain.name ?? ''}.pid`), 'utf8'));
    if (!Number.isInteger(pid) || pid < 2) throw new Error('the guest has no pid');
    process.kill(pid, name);
  };

  /** Calls the others, 16 at a time, until it is enough. @returns how many were answered */
  const callOthers = async (enough: () => boolean): Promise<number> => {
    let answered = 0;
    const caller = async (index: number): Promise<void> => {
      for (let call = 0; !enough(); call += 1) {
        const info = await others[(index + call) % others.length]?.info();
        expect(info?.maxMemoryKib).toBe(32_768);
        answered += 1;
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, index) => caller(index)));
    return answered;
  };

  beforeAll(async () => {
    daemon = await startTestLibvirtd(state);
    sut = await Connection.open(daemon.uri, { workers: 4, callTimeoutMs: patience(30_000) });
    sut.on('domainQuarantined', ({ uuid }) => told.push(`quarantined ${uuid}`));
    sut.on('domainReleased', ({ uuid }) => told.push(`released ${uuid}`));
    victim = await start('victim');
    others = [await start('first'), await start('second'), await start('third')];
  }, 60_000);

  afterAll(async () => {
    for (const domain of [victim, ...others]) await domain.destroy().catch(() => undefined);
    await sut.close();
    await daemon.stop({ guestTimeoutMs: 0 });
    state.remove();
  }, 60_000);

  it('ends its calls at their deadline, is quarantined until it answers, and holds nobody up', async () => {
    signal(victim, 'SIGSTOP');
    try {
      let ended = 0;
      const resets = Array.from({ length: 100 }, () => victim.reset({ timeoutMs: 6_000 }).finally(() => (ended += 1)));
      const hung = Promise.allSettled(resets);
      // All that is answered before the first of them ends was not held up by them; how fast, `npm run bench` tells.
      expect(await callOthers(() => ended > 0)).toBeGreaterThan(100);
      expect(new Set(codesOf(await hung))).toEqual(new Set(['TIMEOUT']));
      expect(told).toEqual([`quarantined ${victim.uuid}`]);

      const refused = await Promise.allSettled(Array.from({ length: 5 }, () => victim.reset({ timeoutMs: 300 })));
      expect(codesOf(refused).sort()).toEqual([...Array<string>(4).fill('QUARANTINED'), 'TIMEOUT']);
    } finally {
      signal(victim, 'SIGCONT');
    }
    await pollUntil(() => told.includes(`released ${victim.uuid}`), { what: 'the release' });
    expect(codesOf(await Promise.allSettled([victim.reset(), victim.reset()]))).toEqual(['answered', 'answered']);
    expect(told).toHaveLength(2);
  }, 60_000);

  it('can be destroyed while its calls hang', async () => {
    told.length = 0;
    signal(victim, 'SIGSTOP');
    // Nothing is quarantined, nor released, unless a worker takes one of them before its deadline.
    const resets = Array.from({ length: 4 }, () => victim.reset({ timeoutMs: patience(300) }));
    const hung = await Promise.allSettled(resets);
    expect(new Set(codesOf(hung))).toEqual(new Set(['TIMEOUT']));
    await victim.destroy({ timeoutMs: patience(30_000) });
    await pollUntil(() => told.includes(`released ${victim.uuid}`), { what: 'the release' });
    expect((await victim.state()).state).toBe('shutoff');
  }, 60_000);
});
