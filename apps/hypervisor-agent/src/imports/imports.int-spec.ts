import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DomainError,
  ensureDisk,
  importImage,
  receiveImage,
  removeDisk,
  removeImage,
  type RequestInputOf,
} from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, settingsIn, writeImage } from '../agent.fixture.js';
import { qcow2Beginning } from '../images/qcow2.fixture.js';
import { ImageServer } from './image-server.fixture.js';

const MIB = 1_048_576;
type Asked = RequestInputOf<typeof importImage>;

describe('imports of images', () => {
  const folders = agentFolders();
  const library = join(folders.disks, 'images');
  const environment = { ...settingsIn(folders), HOST_ID: randomUUID(), IMAGE_SOURCE_RANGES: '127.0.0.1/32' };
  let server: ImageServer;
  let agent: RunningAgent;
  beforeAll(async () => {
    server = await ImageServer.start();
    agent = await RunningAgent.start(environment);
  }, 120_000);
  afterEach(() => {
    server.reset(Buffer.alloc(0));
  });
  afterAll(async () => {
    await agent.stop();
    await server.stop();
    folders.remove();
  });

  const served = (content: Buffer, changes: Partial<Asked> = {}): Asked => {
    server.reset(content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const about = { name: 'Débian 12', osFamily: 'linux', minMemoryMib: 64, format: 'raw' as const };
    return { imageId: randomUUID(), fence: 1, url: server.url(), sha256, reservePercent: 0, ...about, ...changes };
  };
  /** What became of it: `complete`, or the code of the refusal. */
  const outcome = (asked: Asked): Promise<string> =>
    pollUntil(
      async () => {
        try {
          return (await agent.call(importImage, asked)).isComplete ? 'complete' : null;
        } catch (error) {
          if (error instanceof DomainError && error.code !== 'DEADLINE_EXCEEDED') return error.code;
          return null;
        }
      },
      { what: 'the end of the import', timeoutMs: 60_000 },
    );
  const files = (): string[] => readdirSync(library).sort();
  const removal = ({ imageId, sha256, format }: Asked, fence = 2) => ({ imageId, fence, sha256, format });

  it('make images of the host, which go when no disk is based on them', async () => {
    const asked = served(randomBytes(MIB));
    expect(await outcome(asked)).toBe('complete');
    expect(files()).toEqual([`${asked.sha256}.img`, `${asked.imageId}.json`].sort());
    const image = await pollUntil(
      () => agent.heartbeats.at(-1)?.inventory.images.find(({ imageId }) => imageId === asked.imageId),
      { what: 'the image in a heartbeat', timeoutMs: 20_000 },
    );
    expect(image).toMatchObject({ name: 'Débian 12', version: 'imported', virtualSizeBytes: MIB });
    // Asked again it is there, and nothing is fetched.
    const again = await agent.call(importImage, asked);
    expect(again).toEqual({ isComplete: true, progressPercent: 100, sizeBytes: MIB, virtualSizeBytes: MIB });
    expect(server.requests).toHaveLength(1);
    const vmId = randomUUID();
    await agent.call(ensureDisk, { vmId, fence: 1, imageId: asked.imageId, capacityBytes: 2 * MIB });
    expect(await agent.refusal(removeImage, removal(asked))).toBe('IMAGE_IN_USE');
    expect(files()).toContain(`${asked.sha256}.img`);
    await agent.call(removeDisk, { vmId, fence: 1 });
    expect(await agent.call(removeImage, removal(asked))).toEqual({ removed: true });
    expect(await agent.call(removeImage, removal(asked))).toEqual({ removed: false });
    expect(files()).toEqual([]);
    expect(await agent.refusal(importImage, asked)).toBe('STALE_FENCE');
  }, 120_000);

  it('keep one file for images with one content, until the last of them goes', async () => {
    const first = served(randomBytes(MIB));
    expect(await outcome(first)).toBe('complete');
    const file = (): number => statSync(join(library, `${first.sha256}.img`)).ino;
    const before = file();
    const second = { ...first, imageId: randomUUID() };
    expect(await outcome(second)).toBe('complete');
    // The file that disks may be based on stays: another one would be hashed before they start.
    expect(file()).toBe(before);
    // It was fetched again: who knows the SHA-256 of another's image does not get it by that.
    expect(server.requests).toHaveLength(2);
    await agent.call(removeImage, removal(first));
    expect(files()).toEqual([`${first.sha256}.img`, `${second.imageId}.json`].sort());
    await agent.call(removeImage, removal(second));
    expect(files()).toEqual([]);
  }, 120_000);

  it('leave nothing of what is hostile, another file, or not to be fetched', async () => {
    const backed = qcow2Beginning((bytes) => bytes.writeBigUInt64BE(512n, 8));
    expect(await outcome(served(backed, { format: 'qcow2' }))).toBe('IMAGE_UNUSABLE');
    expect(await outcome(served(randomBytes(MIB), { sha256: '0'.repeat(64) }))).toBe('IMAGE_CHECKSUM_MISMATCH');
    expect(await outcome(served(randomBytes(MIB), { url: server.url('/image', '127.0.0.2') }))).toBe(
      'IMAGE_SOURCE_REFUSED',
    );
    expect(await outcome(served(randomBytes(MIB), { reservePercent: 100 }))).toBe('POOL_FULL');
    expect(files()).toEqual([]);
  }, 120_000);

  it('go on where they stood when the agent has been away, and end when the image is not wanted any more', async () => {
    const asked = served(randomBytes(4 * MIB));
    server.standstills.push(2 * MIB);
    const half = () =>
      pollUntil(async () => (await agent.call(importImage, asked, 3_000)).progressPercent === 50 || null, {
        what: 'half of it',
        timeoutMs: 60_000,
      });
    await half();
    await agent.stop();
    expect(statSync(join(library, `${asked.imageId}.part`)).size).toBe(2 * MIB);
    agent = await RunningAgent.start(environment);
    server.standstills.push(0);
    await pollUntil(
      async () => {
        await agent.call(importImage, asked, 3_000);
        return server.requests.length === 2;
      },
      { what: 'the second request', timeoutMs: 60_000 },
    );
    expect(server.requests.at(-1)?.range).toBe(`bytes=${2 * MIB}-`);
    expect(await agent.call(removeImage, removal(asked))).toEqual({ removed: false });
    expect(files()).toEqual([]);
  }, 180_000);

  it('are refused by a host that has as many images as it can tell of', async () => {
    const first = writeImage(folders.images, randomBytes(512));
    const manifest = readFileSync(join(folders.images, `${first.imageId}.json`), 'utf8');
    const more = Array.from({ length: 998 }, () => randomUUID());
    for (const id of more) writeFileSync(join(folders.images, `${id}.json`), manifest.replaceAll(first.imageId, id));
    expect(await outcome(served(randomBytes(MIB)))).toBe('IMAGE_LIMIT_REACHED');
    expect(server.requests).toEqual([]);
    for (const id of [first.imageId, ...more]) rmSync(join(folders.images, `${id}.json`));
  }, 120_000);

  it('are not taken from browsers by a host that has no address for that', async () => {
    const { url: _url, ...asked } = served(randomBytes(MIB));
    const upload = { ...asked, sizeBytes: MIB, ticketSha256: 'a'.repeat(64) };
    expect(await agent.refusal(receiveImage, upload)).toBe('IMAGE_UPLOADS_UNAVAILABLE');
  });

  it('are swept away a day after nobody has come back for them', async () => {
    const [old, fresh] = [randomUUID(), randomUUID()];
    for (const id of [old, fresh]) writeFileSync(join(library, `${id}.part`), 'x');
    const longAgo = new Date('2001-01-01T00:00:00Z');
    utimesSync(join(library, `${old}.part`), longAgo, longAgo);
    await agent.stop();
    agent = await RunningAgent.start(environment);
    await pollUntil(() => files().length === 1, { what: 'the sweep', timeoutMs: 20_000 });
    expect(files()).toEqual([`${fresh}.part`]);
  }, 120_000);
});
