import { execFile } from 'node:child_process';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { promisify } from 'node:util';
import { patience } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NativeConnection } from './generated/addon.js';
import { Caller } from './calls.js';
import { LibvirtError } from './error.js';
import { loadAddon } from './load-addon.js';

const someDomain = (n: number): string => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;

/** How long a call is stuck: longer than all that is done meanwhile takes. */
const STUCK_MS = patience(700);

describe(Caller.name, () => {
  let native: NativeConnection;
  let sut: Caller;

  beforeAll(async () => {
    native = await loadAddon().openConnection(
      {
        uri: 'test:///default',
        readOnly: false,
        workers: 2,
        callTimeoutMs: patience(10_000),
        keepAliveSeconds: 5,
        keepAliveCount: 3,
        asksCredentials: false,
        monitorEvents: false,
      },
      (code, domain, level, message, call, object) =>
        new LibvirtError({
          code: code as LibvirtError['code'],
          domain,
          level: level as LibvirtError['level'],
          message,
          call,
          object: object ?? undefined,
        }),
      () => undefined,
    );
    sut = new Caller(native);
  });

  afterAll(() => native.close());

  const block = (domain: number, forMs: number, options?: { timeoutMs?: number; signal?: AbortSignal }) =>
    sut.run(options, (raw, timeoutMs, token) => raw.blockForTest(someDomain(domain), forMs, timeoutMs, token));

  it('turns a panic into a rejection and goes on', async () => {
    await expect(native.panicForTest('kaboom')).rejects.toMatchObject({ code: 'PANIC', message: 'kaboom' });
    await expect(native.hostname(0, 0)).resolves.toEqual(expect.any(String));
  });

  it('rejects at the deadline though the call is stuck', async () => {
    let ended = false;
    const beside = block(1, STUCK_MS).finally(() => (ended = true));
    await expect(block(1, STUCK_MS, { timeoutMs: 60 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      call: 'blockForTest',
    });
    // Begun before it, as long, and still stuck.
    expect(ended).toBe(false);
    await beside;
  });

  it('rejects at once when aborted, with the reason as cause', async () => {
    const controller = new AbortController();
    const call = block(2, 700, { signal: controller.signal });
    controller.abort(new Error('not wanted any more'));
    const error: unknown = await call.catch((caught: unknown) => caught);
    expect(LibvirtError.is(error, 'CANCELLED')).toBe(true);
    expect(error).toMatchObject({ cause: { message: 'not wanted any more' } });
    await expect(block(2, 0, { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('never blocks the event loop nor a healthy domain while others hang', async () => {
    let ended = 0;
    const hung = Array.from({ length: 40 }, (_, i) =>
      block(10 + (i % 6), STUCK_MS, { timeoutMs: STUCK_MS + 500 })
        .catch(() => 'late')
        .finally(() => (ended += 1)),
    );
    await block(99, 0);
    for (let turn = 0; turn < 100; turn += 1) await nextLoop();
    // The loop turned and a healthy domain answered before the first of those was let go.
    expect(ended).toBe(0);
    await Promise.all(hung);
  });

  it('settles thousands of calls in flight at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5000 }, () => native.hostname(0, 0)));
    expect(new Set(answers).size).toBe(1);
  });

  it('answers what is stuck when the connection is closed, and the process ends', async () => {
    const addon = new URL('../dist/load-addon.js', import.meta.url).href;
    const script = `const { loadAddon } = await import(${JSON.stringify(addon)});
      const options = { uri: 'test:///default', readOnly: false, workers: 2, callTimeoutMs: 60000, keepAliveSeconds: 5,
        keepAliveCount: 3, asksCredentials: false, monitorEvents: false };
      const native = await loadAddon().openConnection(options, (code) => new Error(code), () => undefined);
      const stuck = native.blockForTest('${someDomain(1)}', 60000, 0, 0).catch((error) => console.log(error.message));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await Promise.all([native.close(), stuck]);
      console.log('end');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      timeout: patience(20_000),
    });
    expect(stdout).toBe('CLOSED\nend\n');
  }, 30_000);

  it('refuses an argument of a wrong kind with a rejection, not an exception', async () => {
    await expect(
      sut.run(undefined, (raw, t, k) => raw.setDomainMemory(someDomain(1), 1.5, {}, false, t, k)),
    ).rejects.toMatchObject({ code: 'INVALID_ARG', domain: 'BINDING' });
    await expect(sut.run(undefined, (raw, t, k) => raw.domainInfo('no-uuid', t, k))).rejects.toMatchObject({
      code: 'INVALID_ARG',
      object: 'no-uuid',
    });
  });
});
