import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ImageDownload, type DownloadLimits } from './image-download.js';
import { ImageServer } from './image-server.fixture.js';
import { ImageSource, type Resolve } from './image-source.js';
import { PartFile } from './part-file.js';
import { SourcePolicy } from './source-policy.js';

const MIB = 1_048_576;
const content = randomBytes(3 * MIB);
const sha256 = createHash('sha256').update(content).digest('hex');

describe(ImageDownload, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ib-download-'));
  const path = join(folder, 'image.part');
  let server: ImageServer;
  let told: number[];
  beforeAll(async () => {
    server = await ImageServer.start();
  });
  beforeEach(() => {
    server.reset(content);
    rmSync(path, { force: true });
    told = [];
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const watch = {
    signal: new AbortController().signal,
    tell: (percent: number): void => void told.push(percent),
    requireRoom: () => Promise.resolve(),
  };
  interface How {
    readonly url?: string;
    readonly sha256?: string;
    readonly limits?: Partial<DownloadLimits>;
    readonly ranges?: readonly string[];
    readonly resolve?: Resolve;
  }
  const fetched = ({ url = server.url(), limits, ranges = ['127.0.0.1/32'], resolve, ...wanted }: How = {}) => {
    const source = new ImageSource(new SourcePolicy({ ranges, hosts: [] }), 60_000, resolve);
    const pace = { leastBytes: 1, paceMs: 600_000 };
    const all = { maxBytes: 16 * MIB, attempts: 3, firstWaitMs: 1, longestWaitMs: 4, ...pace, ...limits };
    const open = (offset: number, signal: AbortSignal) => source.open(url, offset, signal);
    return new ImageDownload(all).into(path, { sha256, ...wanted, open }, watch);
  };
  const refused = (how: How): Promise<string> =>
    fetched(how).then(
      () => 'fetched',
      (error: unknown) => (error instanceof DomainError ? error.code : String(error)),
    );
  const isWhole = (): boolean => readFileSync(path).equals(content);
  const ranges = () => server.requests.map(({ range }) => range);

  it('streams a file to its end, and tells how much of it has come', async () => {
    expect(await fetched()).toBe(content.length);
    expect(isWhole()).toBe(true);
    expect(told.at(-1)).toBe(100);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBeGreaterThan(2);
  });

  it('goes on where it stood when the connection breaks, with a server that knows ranges', async () => {
    server.standstills.push(MIB);
    const done = fetched();
    await pollUntil(() => statSync(path).size === MIB, { what: 'the standstill' });
    server.breakOff();
    expect(await done).toBe(content.length);
    expect(isWhole()).toBe(true);
    expect(ranges()).toEqual([undefined, `bytes=${MIB}-`]);
  });

  it('begins anew with one that does not', async () => {
    server.knowsRanges = false;
    server.standstills.push(MIB);
    const done = fetched();
    await pollUntil(() => statSync(path).size === MIB, { what: 'the standstill' });
    server.breakOff();
    expect(await done).toBe(content.length);
    expect(isWhole()).toBe(true);
  });

  it('goes on from what a kill has left, and asks for nothing when that is all', async () => {
    writeFileSync(path, content.subarray(0, 2 * MIB));
    expect(await fetched()).toBe(content.length);
    expect(ranges()).toEqual([`bytes=${2 * MIB}-`]);
    expect(await fetched()).toBe(content.length);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['of another file', randomBytes(MIB), [`bytes=${MIB}-`, undefined]],
    ['longer than the file', randomBytes(4 * MIB), [`bytes=${4 * MIB}-`, undefined]],
  ])('begins anew when what is left is %s', async (_what, left, asked) => {
    writeFileSync(path, left);
    expect(await fetched()).toBe(content.length);
    expect(isWhole()).toBe(true);
    expect(ranges()).toEqual(asked);
  });

  it('refuses what has another SHA-256, after it has come once', async () => {
    expect(await refused({ sha256: '0'.repeat(64) })).toBe('IMAGE_CHECKSUM_MISMATCH');
    expect(server.requests).toHaveLength(1);
  });

  it.each([true, false])('takes no more than it may, whether the server tells the length: %s', async (tellsLength) => {
    server.tellsLength = tellsLength;
    expect(await refused({ limits: { maxBytes: 2 * MIB } })).toBe('IMAGE_TOO_LARGE');
    expect(statSync(path).size).toBeLessThanOrEqual(2 * MIB);
    expect(server.requests).toHaveLength(1);
  });

  it('tries again what passes, gives up after some attempts, and at once what does not pass', async () => {
    server.failures.push(503, 429);
    expect(await fetched()).toBe(content.length);
    rmSync(path);
    server.reset(content);
    server.failures.push(503, 503, 503, 503, 503);
    expect(await refused({})).toBe('IMAGE_SOURCE_UNAVAILABLE');
    expect(server.requests).toHaveLength(4);
    server.reset(content);
    server.failures.push(404);
    expect(await refused({})).toBe('IMAGE_SOURCE_UNAVAILABLE');
    expect(server.requests).toHaveLength(1);
  });

  it('leaves a server that sends a little now and then, however often it comes back', async () => {
    server.standstills.push(1_024, 1_024, 1_024, 1_024);
    expect(await refused({ limits: { leastBytes: 4_096, paceMs: 50 } })).toBe('IMAGE_SOURCE_UNAVAILABLE');
    expect(statSync(path).size).toBeLessThan(MIB);
  });

  it('waits for no answer of one that wants to speak another protocol', async () => {
    expect(await refused({ url: server.url(ImageServer.UPGRADE) })).toBe('IMAGE_SOURCE_UNAVAILABLE');
    expect(server.requests).toHaveLength(4);
  });

  it('ends while it reads what is there already', async () => {
    writeFileSync(path, content.subarray(0, 2 * MIB));
    await expect(PartFile.open(path, AbortSignal.abort())).rejects.toThrow('abort');
    expect(statSync(path).size).toBe(2 * MIB);
  });

  it('connects to no address that it may not, whatever it is called', async () => {
    const nowhere = { ranges: [] };
    expect(await refused(nowhere)).toBe('IMAGE_SOURCE_REFUSED');
    for (const host of ['localhost', '0x7f000001', '2130706433', '127.1', '[::ffff:127.0.0.1]'])
      expect([host, await refused({ ...nowhere, url: server.url('/image', host) })]).toEqual([
        host,
        'IMAGE_SOURCE_REFUSED',
      ]);
    const both: Resolve = () =>
      Promise.resolve([
        { address: '127.0.0.1', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ]);
    expect(await refused({ url: server.url('/image', 'two.test'), resolve: both })).toBe('IMAGE_SOURCE_REFUSED');
    expect(server.requests).toEqual([]);
  });

  it('connects to the address that was looked at, and asks for it once', async () => {
    let asked = 0;
    const resolve: Resolve = () => {
      asked += 1;
      return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
    };
    // No resolver of this machine knows the name.
    expect(await fetched({ url: server.url('/image', 'rebinding.test'), resolve })).toBe(content.length);
    expect(asked).toBe(1);
  });

  it('follows redirects, and looks at each as at the first', async () => {
    server.redirects.set('/moved', '/image');
    expect(await fetched({ url: server.url('/moved') })).toBe(content.length);
    rmSync(path);
    for (const location of [
      server.url('/image', '127.0.0.2'),
      'http://169.254.169.254/latest/meta-data',
      `http://user:secret@127.0.0.1:${server.port}/image`,
      'file:///etc/passwd',
      'ftp://127.0.0.1/image',
    ]) {
      server.reset(content);
      server.redirects.set('/moved', location);
      expect([location, await refused({ url: server.url('/moved') })]).toEqual([location, 'IMAGE_SOURCE_REFUSED']);
      expect(server.requests).toHaveLength(1);
    }
    server.redirects.set('/moved', '/moved');
    expect(await refused({ url: server.url('/moved') })).toBe('IMAGE_SOURCE_UNAVAILABLE');
  });
});
