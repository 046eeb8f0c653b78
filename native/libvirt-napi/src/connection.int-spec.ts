import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';
import { Connection } from './connection.js';
import type { DomainLifecycleEvent } from './events.js';

const TEST_URI = 'test:///default';
const run = promisify(execFile);

const domainXml = (name: string): string =>
  `<domain type='test'><name>${name}</name><memory unit='KiB'>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`;

describe(Connection.name, () => {
  let sut: Connection;

  beforeAll(async () => {
    sut = await Connection.open(TEST_URI, { workers: 3 });
  });

  afterAll(() => sut.close());

  it('tells of the host', async () => {
    expect(await sut.alive()).toBe(true);
    expect(sut.isUp).toBe(true);
    expect(await sut.type()).toBe('TEST');
    expect(await sut.uri()).toBe(TEST_URI);
    expect((await sut.hostname()).length).toBeGreaterThan(0);
    expect((await sut.version()).library).toBeGreaterThanOrEqual(9_000_000);
    expect(await sut.nodeInfo()).toMatchObject({ memoryKib: 3_145_728, cpus: 16 });
    expect(await sut.freeMemory()).toBeGreaterThan(0);
    expect(await sut.capabilities()).toContain('<capabilities>');
  });

  it('rejects with a typed error when there is no daemon', async () => {
    await expect(Connection.open('qemu+unix:///system?socket=/nonexistent/sock')).rejects.toMatchObject({
      name: 'LibvirtError',
      code: 'SYSTEM_ERROR',
      domain: 'RPC',
      call: 'virConnectOpen',
    });
    await expect(Connection.open('nonsense:///x')).rejects.toMatchObject({ name: 'LibvirtError' });
  });

  it('says NO_SUPPORT for what the driver lacks', async () => {
    await expect(sut.nwFilters.list()).rejects.toMatchObject({ code: 'NO_SUPPORT' });
    await expect(sut.nwFilters.bindings()).rejects.toMatchObject({ code: 'NO_SUPPORT' });
  });

  it('emits events in the order of what happened', async () => {
    const seen: string[] = [];
    const listen = (event: DomainLifecycleEvent): void => {
      if (event.name === 'observed') seen.push(`${event.event}/${event.detail}`);
    };
    sut.on('lifecycle', listen);
    const domain = await sut.domains.defineXml(domainXml('observed'));
    await domain.create();
    await domain.suspend();
    await domain.resume();
    await domain.destroy();
    await domain.undefine();
    // They come by another thread than answers do, and may be later than these.
    await pollUntil(() => seen.length >= 6, { what: 'the last event' });
    sut.off('lifecycle', listen);
    expect(seen).toEqual([
      'defined/added',
      'started/booted',
      'suspended/paused',
      'resumed/unpaused',
      'stopped/destroyed',
      'undefined/removed',
    ]);
  });

  it('streams events until it is closed', async () => {
    await using connection = await Connection.open(TEST_URI);
    const stream = connection.events();
    const domain = await connection.domains.defineXml(domainXml('streamed'));
    await domain.undefine();
    const kinds: string[] = [];
    for await (const event of stream) {
      if (event.kind !== 'lifecycle' || event.name !== 'streamed') continue;
      kinds.push(event.event);
      if (event.event === 'undefined') await connection.close();
    }
    expect(kinds).toEqual(['defined', 'undefined']);
  });

  it('passes on what a listener throws, as any emitter does', async () => {
    const dist = new URL('../dist/index.js', import.meta.url).href;
    const script = `const { Connection } = await import(${JSON.stringify(dist)});
      let told = 0;
      process.on('uncaughtException', (error) => { told += 1; console.log(error.message); });
      const c = await Connection.open('test:///default');
      c.on('lifecycle', () => { throw new RangeError('of the listener'); });
      const domain = await c.domains.defineXml(\`${domainXml('thrown')}\`);
      await domain.undefine();
      while (told < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      await c.close();`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      timeout: patience(15_000),
    });
    expect(stdout).toBe('of the listener\nof the listener\n');
  });

  it('lists what is there though the rest comes and goes', async () => {
    let over = false;
    const churn = async (make: () => Promise<{ undefine(): Promise<void> }>): Promise<void> => {
      while (!over) await (await make()).undefine();
    };
    const { networks, storagePools } = sut;
    const churning = [1, 2].flatMap((n) => [
      churn(() => networks.defineXml(`<network><name>n${n}</name><bridge name='vbr${n}'/></network>`)),
      churn(() =>
        storagePools.defineXml(`<pool type='dir'><name>p${n}</name><target><path>/p${n}</path></target></pool>`),
      ),
    ]);
    const listing = Array.from({ length: 1_500 }, () => Promise.all([networks.list(), storagePools.list()]));
    await Promise.all(listing).finally(() => (over = true));
    await Promise.all(churning);
  }, 30_000);

  it('rejects every call after close, and closing twice is closing once', async () => {
    const connection = await Connection.open(TEST_URI);
    const pending = connection.hostname().catch((error: unknown) => error);
    await Promise.all([connection.close(), connection.close()]);
    await pending;
    await expect(connection.hostname()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await connection.alive()).toBe(false);
    await connection.close();
  });

  it.each([
    ['closed', 'await c.close();'],
    ['disposed', 'await c[Symbol.asyncDispose]();'],
    ['not closed but let go', 'c.unref();'],
    ['let go and then closed', 'c.unref(); await c.close();'],
  ])('keeps no process alive when %s', async (_how, ending) => {
    const dist = new URL('../dist/index.js', import.meta.url).href;
    const script = `const { Connection } = await import(${JSON.stringify(dist)});
      const c = await Connection.open('test:///default');
      c.on('lifecycle', () => undefined);
      await Promise.all(Array.from({ length: 20 }, () => c.hostname()));
      ${ending}
      console.log('end');`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      timeout: patience(15_000),
    });
    expect(stdout).toBe('end\n');
  });
});
