// The binding against a libvirtd of its own, which is killed and stopped. Beside the sources, since it needs the stack's tools.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { missingForLibvirtd } from '../../../tools/stack/libvirtd.ts';
import { startTestLibvirtd, temporaryState } from '../../../tools/stack/test-infrastructure.ts';
import { Connection } from '../src/connection.ts';

const missing = missingForLibvirtd();
const suite = missing.length === 0 ? describe : describe.skip;

suite('a connection to a real libvirtd', () => {
  const state = temporaryState();
  let daemon: Awaited<ReturnType<typeof startTestLibvirtd>>;
  let sut: Connection;

  /** The daemon itself: `daemon.child` is what starts it again. */
  const signal = (name: NodeJS.Signals): void => {
    const pid = Number(readFileSync(path.join(state.libvirtDir, 'run', 'libvirtd.pid'), 'utf8'));
    if (!Number.isInteger(pid) || pid < 2) throw new Error('the daemon has no pid');
    process.kill(pid, name);
  };

  beforeAll(async () => {
    daemon = await startTestLibvirtd(state);
    sut = await Connection.open(daemon.uri, { workers: 3, callTimeoutMs: 10_000 });
  }, 60_000);

  afterAll(async () => {
    await sut.close();
    await daemon.stop({ guestTimeoutMs: 0 });
    state.remove();
  }, 60_000);

  it('has network filters', async () => {
    const filter = await sut.nwFilters.defineXml(
      `<filter name='drop-all'><rule action='drop' direction='inout' priority='500'><all/></rule></filter>`,
    );
    expect((await sut.nwFilters.list()).map((listed) => listed.name)).toContain('drop-all');
    expect((await sut.nwFilters.lookupByName('drop-all')).uuid).toBe(filter.uuid);
    expect(await filter.xmlDesc()).toContain("action='drop'");
    expect(await sut.nwFilters.bindings()).toEqual([]);
    await filter.undefine();
    await expect(sut.nwFilters.lookupByName('drop-all')).rejects.toMatchObject({ code: 'NO_NWFILTER' });
  });

  it('rejects what is pending when the daemon is killed, reconnects, and events flow again', async () => {
    const told: string[] = [];
    sut.on('disconnected', (event) => told.push(`disconnected/${event.reason}`));
    sut.on('reconnected', () => told.push('reconnected'));
    const network = await sut.networks.defineXml(`<network><name>kept</name><bridge name='virbr-kept'/></network>`);

    const pending = Promise.allSettled(Array.from({ length: 2000 }, () => sut.hostname()));
    signal('SIGKILL');
    const outcomes = await pending;
    const codes = outcomes.flatMap((o) => (o.status === 'rejected' ? [(o.reason as { code: string }).code] : []));
    expect(new Set(codes)).toEqual(new Set(['DISCONNECTED']));
    await pollUntil(() => told.length >= 1, { what: 'the loss to be told' });

    await pollUntil(() => told.length === 2, { timeoutMs: 20_000, what: 'the return to be told' });
    expect(told).toEqual(['disconnected/eof', 'reconnected']);

    const seen: string[] = [];
    sut.on('network', (event) => seen.push(`${event.name}/${event.event}`));
    expect(await network.xmlDesc()).toContain('<name>kept</name>');
    await network.undefine();
    await pollUntil(() => seen.includes('kept/undefined'), { what: 'an event after the return' });
  }, 60_000);

  it('ends calls at their deadline while the daemon is stopped, and goes on when it runs again', async () => {
    signal('SIGSTOP');
    try {
      const calls = Array.from({ length: 20 }, () => sut.hostname({ timeoutMs: 300 }));
      const outcomes = await Promise.allSettled(calls);
      const codes = outcomes.map((o) => (o.status === 'rejected' ? (o.reason as { code: string }).code : 'answered'));
      expect(new Set(codes)).toEqual(new Set(['TIMEOUT']));
    } finally {
      signal('SIGCONT');
    }
    expect(await pollUntil(() => sut.alive({ timeoutMs: 1000 }), { timeoutMs: 20_000, what: 'an answer' })).toBe(true);
  }, 60_000);
});
