import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import {
  DomainError,
  copyImage,
  hostImageCopiesOffered,
  hostReportSubject,
  offerImage,
  removeImage,
  type RequestInputOf,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { NATS_CONNECTION, subscribeToReport } from '@infinibay/platform-messaging';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { RunningAgent, agentFolders, endOf, settingsIn, writeImage } from '../agent.fixture.js';
import { ImageAdoption } from '../imports/image-adoption.js';
import { ImageDownload } from '../imports/image-download.js';
import { ImageImporting } from '../imports/image-importing.js';
import { ImageImports } from '../imports/image-imports.js';
import { ImageLibrary } from '../imports/image-library.js';
import { ImageServer } from '../imports/image-server.fixture.js';
import { UploadServer } from '../uploads/upload.server.js';
import { ImageCopying } from './image-copying.js';

const MIB = 1_048_576;
const TICKET = 'ticket-of-the-copies-of-this-specification';
type Asked = RequestInputOf<typeof copyImage>;

const sha256Of = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

describe('copies of images', () => {
  const [here, there] = [agentFolders(), agentFolders()];
  const library = join(there.disks, 'images');
  const ofSource = { ...settingsIn(here), HOST_ID: randomUUID(), IMAGE_COPY_URL: 'http://127.0.0.1/here' };
  const ofReader = { ...settingsIn(there), HOST_ID: randomUUID(), IMAGE_MAX_GIB: '0.015625' };
  let source: RunningAgent;
  let reader: RunningAgent;
  let port = 0;
  let servers: [ImageServer, ImageServer];
  const startSource = async (): Promise<void> => {
    source = await RunningAgent.start({ ...ofSource, UPLOAD_PORT: String(port) });
    port = source.app.get(UploadServer, { strict: false }).port ?? 0;
  };
  beforeAll(async () => {
    servers = [await ImageServer.start(), await ImageServer.start()];
    await startSource();
    reader = await RunningAgent.start(ofReader);
  }, 120_000);
  beforeEach(() => {
    for (const server of servers) server.reset(Buffer.alloc(0));
  });
  afterAll(async () => {
    await source.stop();
    await reader.stop();
    for (const server of servers) await server.stop();
    for (const folders of [here, there]) folders.remove();
  });

  const urlOf = (imageId: string): string => `http://127.0.0.1:${port}/here/uploads/${imageId}/content`;
  /** What the reader is asked for, of an image that somebody else has. */
  const asked = (content: Buffer, changes: Partial<Asked> = {}): Asked => ({
    imageId: randomUUID(),
    fence: 1,
    name: 'Débian 12',
    osFamily: 'linux',
    minMemoryMib: 64,
    format: 'raw',
    sizeBytes: content.length,
    sha256: sha256Of(content),
    url: servers[0].url(),
    ticket: TICKET,
    reservePercent: 0,
    ...changes,
  });
  /** An image of the source that whoever has the ticket may read. */
  const offered = async (content: Buffer): Promise<string> => {
    const { imageId } = writeImage(here.images, content);
    await offer(imageId, content);
    return imageId;
  };
  const offer = async (imageId: string, content: Buffer): Promise<void> => {
    const told = { imageId, sha256: sha256Of(content), ticketSha256: sha256Of(TICKET) };
    expect(await source.call(offerImage, told)).toEqual({ sizeBytes: content.length });
  };
  const read = (imageId: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(urlOf(imageId), { method, headers: { authorization: `Bearer ${TICKET}`, ...headers } });
  const outcome = (one: Asked): Promise<string> => endOf(() => reader.call(copyImage, one), 'the end of the copy');
  const files = (): string[] => (existsSync(library) ? readdirSync(library).sort() : []);
  const remove = ({ imageId, sha256 }: Asked) =>
    reader.call(removeImage, { imageId, fence: 2, sha256, format: 'raw' as const });
  /** Waits until so much of it has come. */
  const received = (one: Asked, bytes: number) =>
    pollUntil(async () => (await reader.call(copyImage, one, 2_000)).receivedBytes === bytes, {
      what: `${bytes} bytes`,
      timeoutMs: 60_000,
    });

  it('are read straight from the host that has it, by a ticket, and are images of the host that reads', async () => {
    const offers: (string | null)[] = [];
    const subject = hostReportSubject(hostImageCopiesOffered, source.hostId);
    const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
    const connection = source.app.get<NatsConnection>(NATS_CONNECTION, { strict: false });
    subscribeToReport(connection, hostImageCopiesOffered, subject, { logger }, ({ url }) => {
      offers.push(url);
    });
    const content = randomBytes(3 * MIB);
    const imageId = await offered(content);
    const one = asked(content, { imageId, url: urlOf(imageId) });
    expect(await outcome(one)).toBe('complete');
    expect(files()).toEqual([`${one.sha256}.img`, `${imageId}.json`].sort());
    expect(readFileSync(join(library, `${one.sha256}.img`)).equals(content)).toBe(true);
    const image = await pollUntil(
      () => reader.heartbeats.at(-1)?.inventory.images.find((known) => known.imageId === imageId),
      { what: 'the image in a heartbeat', timeoutMs: 20_000 },
    );
    expect(image).toMatchObject({ name: 'Débian 12', version: 'imported', virtualSizeBytes: 3 * MIB });
    const told = { isComplete: true, receivedBytes: 3 * MIB, virtualSizeBytes: 3 * MIB };
    // Asked again it is there, wherever it would be read from.
    expect(await reader.call(copyImage, { ...one, url: 'http://127.0.0.1:9/nobody' })).toEqual(told);
    await pollUntil(() => offers.length > 0, { what: 'an offer' });
    expect(offers[0]).toBe('http://127.0.0.1/here');
    expect(await remove(one)).toEqual({ removed: true });
    expect(files()).toEqual([]);
    expect(await reader.refusal(copyImage, one)).toBe('STALE_FENCE');
  }, 120_000);

  it('are sent from any byte on, to who has the ticket, and to one reader at a time', async () => {
    const content = randomBytes(32 * MIB);
    const { imageId } = writeImage(here.images, content);
    expect((await read(imageId)).status).toBe(404);
    const told = { imageId, sha256: sha256Of(content), ticketSha256: sha256Of(TICKET) };
    expect(await source.refusal(offerImage, { ...told, sha256: '0'.repeat(64) })).toBe('IMAGE_NOT_FOUND');
    expect(await source.refusal(offerImage, { ...told, imageId: randomUUID() })).toBe('IMAGE_NOT_FOUND');
    await offer(imageId, content);
    for (const wrong of [{ authorization: `Bearer ${TICKET}x` }, { authorization: TICKET }])
      expect((await read(imageId, wrong)).status).toBe(404);
    expect((await read(randomUUID())).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await read(imageId, {}, method)).status).toBe(405);
    const rest = await read(imageId, { range: `bytes=${31 * MIB}-` });
    expect([rest.status, rest.headers.get('content-range')]).toEqual([
      206,
      `bytes ${31 * MIB}-${32 * MIB - 1}/${32 * MIB}`,
    ]);
    expect(Buffer.from(await rest.arrayBuffer()).equals(content.subarray(31 * MIB))).toBe(true);
    expect((await read(imageId, { range: `bytes=${32 * MIB}-` })).status).toBe(416);
    // A connection that broke may not have been noticed: who comes next ends it.
    const hanging = request(urlOf(imageId), { headers: { authorization: `Bearer ${TICKET}` } });
    hanging.on('error', () => undefined);
    hanging.end();
    const [answer] = (await once(hanging, 'response')) as [IncomingMessage];
    const broken = once(answer, 'error');
    const whole = await read(imageId);
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
    answer.resume();
    await broken;
    // An agent that was away has forgotten it, and is told again.
    await source.stop();
    await startSource();
    expect((await read(imageId)).status).toBe(404);
    await offer(imageId, content);
    const again = await read(imageId);
    expect(again.status).toBe(200);
    await again.body?.cancel();
  }, 120_000);

  it('go on where they stood, from another host when the first one has gone, and after the reader was away', async () => {
    const content = randomBytes(6 * MIB);
    const [first, second] = servers;
    for (const server of servers) server.reset(content);
    first.standstills.push(2 * MIB);
    const one = asked(content);
    await received(one, 2 * MIB);
    // Another one is named, and is read from when the first one breaks off.
    second.standstills.push(2 * MIB);
    const elsewhere = { ...one, url: second.url() };
    await received(elsewhere, 2 * MIB);
    first.breakOff();
    await received(elsewhere, 4 * MIB);
    await reader.stop();
    expect(statSync(join(library, `${one.imageId}.part`)).size).toBe(4 * MIB);
    reader = await RunningAgent.start(ofReader);
    expect(await outcome(elsewhere)).toBe('complete');
    expect(first.requests).toHaveLength(1);
    expect(second.requests.map(({ range }) => range)).toEqual([`bytes=${2 * MIB}-`, `bytes=${4 * MIB}-`]);
    await remove(one);
  }, 180_000);

  it('keep what has come when no host sends the rest', async () => {
    const content = randomBytes(2 * MIB);
    const [server] = servers;
    server.reset(content);
    server.standstills.push(MIB);
    server.failures.push(503);
    const [{ app }, anywhere] = [reader, { strict: false }];
    const pace = { leastBytes: 1, paceMs: 600_000 };
    const patience = { attempts: 2, firstWaitMs: 1, longestWaitMs: 4 };
    const download = new ImageDownload({ maxBytes: 16 * MIB, ...pace, ...patience });
    const copying = new ImageCopying(
      app.get(ImageImports, anywhere),
      app.get(ImageImporting, anywhere),
      app.get(ImageLibrary, anywhere),
      download,
      app.get(ImageAdoption, anywhere),
    );
    const one = asked(content);
    const part = join(library, `${one.imageId}.part`);
    const work = await copying.begin(one);
    await pollUntil(() => files().includes(`${one.imageId}.part`) && statSync(part).size === MIB, {
      what: 'half of it',
      timeoutMs: 20_000,
    });
    // What a host answers is not the end: another one may send it.
    server.failures.push(404, 302, 503, 503, 503, 503);
    server.breakOff();
    const code = await pollUntil(
      async () => {
        try {
          await work?.within(Date.now() + 5_000);
          return null;
        } catch (error) {
          return error instanceof DomainError ? error.code : String(error);
        }
      },
      { what: 'the end', timeoutMs: 30_000 },
    );
    expect(code).toBe('IMAGE_SOURCE_AWAY');
    expect(statSync(part).size).toBe(MIB);
    await remove(one);
    expect(files()).toEqual([]);
  }, 120_000);

  it('leave nothing of what is another file, too large, or has no room', async () => {
    const content = randomBytes(MIB);
    for (const server of servers) server.reset(content);
    expect(await outcome(asked(content, { sha256: '0'.repeat(64) }))).toBe('IMAGE_CHECKSUM_MISMATCH');
    expect(await outcome(asked(content, { format: 'iso' }))).toBe('IMAGE_UNUSABLE');
    expect(await outcome(asked(content, { reservePercent: 100 }))).toBe('POOL_FULL');
    const large = randomBytes(17 * MIB);
    servers[0].reset(large);
    expect(await outcome(asked(large))).toBe('IMAGE_TOO_LARGE');
    expect(files()).toEqual([]);
    // A host that has no address for it sends nothing.
    const { imageId } = writeImage(there.images, content);
    const told = { imageId, sha256: sha256Of(content), ticketSha256: sha256Of(TICKET) };
    expect(await reader.refusal(offerImage, told)).toBe('IMAGE_SOURCE_AWAY');
  }, 120_000);
});
