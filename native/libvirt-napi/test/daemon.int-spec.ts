// The binding against a libvirtd of its own, which is killed and stopped. Beside the sources, since it needs the stack's tools.
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';
import { missingForLibvirtd } from '../../../tools/stack/libvirtd.ts';
import { startTestLibvirtd, temporaryState } from '../../../tools/stack/test-infrastructure.ts';
import { Connection } from '../src/connection.ts';
import type { Domain } from '../src/domain.ts';
import { LibvirtError } from '../src/error.ts';

const missing = missingForLibvirtd();
const suite = missing.length === 0 ? describe : describe.skip;

const xmlOf = (name: string): string =>
  `<domain type='qemu'><name>${name}</name><uuid>${randomUUID()}</uuid><memory unit='MiB'>32</memory>
   <os><type arch='x86_64'>hvm</type></os></domain>`;

/** Callers that make one call after the other, whatever becomes of them. */
class Load {
  /** How often each code was the answer. */
  readonly refusals = new Map<string, number>();
  private answered = 0;
  private stopped = false;
  private readonly calls: readonly (() => Promise<unknown>)[];

  constructor(
    private readonly connection: Connection,
    domains: readonly Domain[],
  ) {
    const each = domains.flatMap((domain) => [() => domain.info(), () => domain.xmlDesc(), () => domain.state()]);
    this.calls = [...each, () => connection.domains.list(), () => connection.domains.allStats(['state'])];
  }

  async run(callers: number): Promise<void> {
    await Promise.all(Array.from({ length: callers }, (_, caller) => this.caller(caller)));
  }

  stop(): void {
    this.stopped = true;
  }

  /** Waits until so many more calls were answered. */
  async untilAnswered(more: number): Promise<void> {
    const enough = this.answered + more;
    await pollUntil(() => this.answered >= enough, { timeoutMs: 20_000, what: `${more} answers` });
  }

  private async caller(first: number): Promise<void> {
    for (let call = first; !this.stopped; call += 1) {
      try {
        await this.calls[call % this.calls.length]?.();
        this.answered += 1;
      } catch (error) {
        const code = error instanceof LibvirtError ? error.code : String(error);
        this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
        await pollUntil(() => this.connection.isUp, { timeoutMs: 60_000, intervalMs: 5, what: 'the connection' });
      }
    }
  }
}

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

  /** A daemon that is started in place of a killed one hangs now and then: it is killed too. */
  const untilBack = async (isBack: () => boolean): Promise<void> => {
    const back = () => pollUntil(isBack, { timeoutMs: 30_000, what: 'the return to be told' });
    await back().catch(async () => {
      signal('SIGKILL');
      await back();
    });
  };

  beforeAll(async () => {
    daemon = await startTestLibvirtd(state);
    sut = await Connection.open(daemon.uri, { workers: 3, callTimeoutMs: patience(10_000) });
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

    // Held first, so that it answers none of them however busy the machine is.
    signal('SIGSTOP');
    const pending = Promise.allSettled(Array.from({ length: 2000 }, () => sut.hostname()));
    signal('SIGKILL');
    const outcomes = await pending;
    const codes = outcomes.map((o) => (o.status === 'rejected' ? (o.reason as { code: string }).code : 'answered'));
    expect(new Set(codes)).toEqual(new Set(['DISCONNECTED']));
    await pollUntil(() => told.length >= 1, { what: 'the loss to be told' });

    await untilBack(() => told.length === 2);
    expect(told).toEqual(['disconnected/eof', 'reconnected']);

    const seen: string[] = [];
    sut.on('network', (event) => seen.push(`${event.name}/${event.event}`));
    expect(await network.xmlDesc()).toContain('<name>kept</name>');
    await network.undefine();
    await pollUntil(() => seen.includes('kept/undefined'), { what: 'an event after the return' });
  }, 60_000);

  it('loses nothing but the calls of the moment when the daemon is killed again and again under load', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `loaded-${index}`);
    const domains = await Promise.all(names.map((name) => sut.domains.defineXml(xmlOf(name))));
    const [guest] = domains;
    await guest?.create({ paused: true });
    // libvirt gives a guest up whose monitor it could not get back; what asks the monitor waits until it has it.
    const monitorAnswers = () => guest?.diagnostics.monitorCommand('{"execute":"query-status"}');
    const load = new Load(sut, domains);
    const running = load.run(32);
    for (let kill = 1; kill <= 3; kill += 1) {
      await monitorAnswers();
      await load.untilAnswered(500);
      const returned: true[] = [];
      sut.once('reconnected', () => returned.push(true));
      signal('SIGKILL');
      await untilBack(() => returned.length > 0);
    }
    await load.untilAnswered(500);
    load.stop();
    await running;
    expect([...load.refusals.keys()]).toEqual(['DISCONNECTED']);

    await monitorAnswers();
    const infos = await Promise.all(domains.map((domain) => domain.info()));
    expect(infos.map(({ state: condition }) => condition)).toEqual(['paused', ...Array<string>(9).fill('shutoff')]);
    const awaited = new Set([...names.map((name) => `${name}/undefined`), 'loaded-0/stopped']);
    sut.on('lifecycle', ({ name, event }) => awaited.delete(`${name}/${event}`));
    await guest?.destroy();
    await Promise.all(domains.map((domain) => domain.undefine()));
    await pollUntil(() => awaited.size === 0, { what: 'the events of the end' });
  }, 120_000);

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
