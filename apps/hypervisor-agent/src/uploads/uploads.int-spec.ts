import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import {
  hostReportSubject,
  hostUploadsOffered,
  receiveImage,
  removeImage,
  type RequestInputOf,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { NATS_CONNECTION, subscribeToReport } from '@infinibay/platform-messaging';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { RunningAgent, agentFolders, endOf, settingsIn } from '../agent.fixture.js';
import { sendByTus } from './tus-client.fixture.js';
import { UploadServer } from './upload.server.js';

const KIB = 1_024;
const MIB = 1_048_576;
const PIECE = 'application/offset+octet-stream';
const TICKET = 'ticket-of-the-uploads-of-this-specification';
/** What whoever may not know hears: that there is none, or, soon after the start, that it is not known yet. */
const NOT_FOUND = [404, 503];
type Asked = RequestInputOf<typeof receiveImage>;

describe('uploads of images', () => {
  const folders = agentFolders();
  const library = join(folders.disks, 'images');
  const environment = {
    ...settingsIn(folders),
    HOST_ID: randomUUID(),
    UPLOAD_URL: 'http://127.0.0.1/here',
    CORS_ORIGINS: 'https://app.example.org',
  };
  let agent: RunningAgent;
  let port = 0;
  const start = async (): Promise<void> => {
    agent = await RunningAgent.start({ ...environment, UPLOAD_PORT: String(port) });
    port = agent.app.get(UploadServer, { strict: false }).port ?? 0;
  };
  beforeAll(start, 120_000);
  afterAll(async () => {
    await agent.stop();
    folders.remove();
  });

  const asked = (content: Buffer, changes: Partial<Asked> = {}): Asked => ({
    imageId: randomUUID(),
    fence: 1,
    name: 'Débian 12',
    osFamily: 'linux',
    minMemoryMib: 64,
    format: 'raw',
    sizeBytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    ticketSha256: createHash('sha256').update(TICKET).digest('hex'),
    reservePercent: 0,
    ...changes,
  });
  const urlOf = (imageId: string): string => `http://127.0.0.1:${port}/here/uploads/${imageId}`;
  const tus = { 'tus-resumable': '1.0.0', authorization: `Bearer ${TICKET}` };
  const ask = (imageId: string, method: string, headers: Record<string, string> = tus, body: Buffer | null = null) =>
    fetch(urlOf(imageId), { method, headers, body: body === null ? null : new Uint8Array(body) });
  const piece = (imageId: string, offset: number, body: Buffer, changes: Record<string, string> = {}) =>
    ask(imageId, 'PATCH', { ...tus, 'content-type': PIECE, 'upload-offset': String(offset), ...changes }, body);
  const expected = async (one: Asked): Promise<void> => {
    expect((await agent.call(receiveImage, one)).isComplete).toBe(false);
  };
  const outcome = (one: Asked): Promise<string> => endOf(() => agent.call(receiveImage, one), 'the end of the upload');
  const files = (): string[] => readdirSync(library).sort();
  const remove = ({ imageId, sha256 }: Asked) =>
    agent.call(removeImage, { imageId, fence: 2, sha256, format: 'raw' as const });

  it('make images of the host, which tells where they are sent', async () => {
    const offers: (string | null)[] = [];
    const subject = hostReportSubject(hostUploadsOffered, agent.hostId);
    const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
    const connection = agent.app.get<NatsConnection>(NATS_CONNECTION, { strict: false });
    subscribeToReport(connection, hostUploadsOffered, subject, { logger }, ({ url }) => {
      offers.push(url);
    });
    const content = randomBytes(3 * MIB);
    const one = asked(content);
    await expected(one);
    await sendByTus({ url: urlOf(one.imageId), ticket: TICKET, content, pieceBytes: MIB });
    const told = new Set<number>();
    // With so little time it is answered at once, and not when it is there.
    const isThere = async (): Promise<boolean> => {
      const { isComplete, receivedBytes } = await agent.call(receiveImage, one, 1_000);
      told.add(receivedBytes);
      return isComplete;
    };
    await pollUntil(isThere, { what: 'the image', timeoutMs: 60_000, intervalMs: 1 });
    expect([...told]).toEqual([3 * MIB]);
    expect(files()).toEqual([`${one.sha256}.img`, `${one.imageId}.json`].sort());
    const image = await pollUntil(
      () => agent.heartbeats.at(-1)?.inventory.images.find(({ imageId }) => imageId === one.imageId),
      { what: 'the image in a heartbeat', timeoutMs: 20_000 },
    );
    expect(image).toMatchObject({ name: 'Débian 12', version: 'imported', virtualSizeBytes: 3 * MIB });
    await pollUntil(() => offers.length > 0, { what: 'an offer' });
    expect(offers[0]).toBe('http://127.0.0.1/here');
    // Asked again it is there, and whoever has missed the last answer is told that all has come.
    const again = await agent.call(receiveImage, one);
    expect(again).toEqual({ isComplete: true, receivedBytes: 3 * MIB, virtualSizeBytes: 3 * MIB });
    expect((await ask(one.imageId, 'HEAD')).headers.get('upload-offset')).toBe(String(3 * MIB));
    expect(await remove(one)).toEqual({ removed: true });
    expect(files()).toEqual([]);
    expect(NOT_FOUND).toContain((await ask(one.imageId, 'HEAD')).status);
    expect(await agent.refusal(receiveImage, one)).toBe('STALE_FENCE');
  }, 120_000);

  it('go on after a connection that nobody has closed, and after the agent was away', async () => {
    const content = randomBytes(5 * MIB);
    const one = asked(content);
    await expected(one);
    const headers = { ...tus, 'content-type': PIECE, 'upload-offset': '0', 'content-length': String(content.length) };
    const hanging = request(urlOf(one.imageId), { method: 'PATCH', headers });
    hanging.on('error', () => undefined);
    hanging.write(content.subarray(0, MIB));
    const part = join(library, `${one.imageId}.part`);
    await pollUntil(() => files().includes(`${one.imageId}.part`) && statSync(part).size === MIB, {
      what: 'the first piece',
      timeoutMs: 20_000,
    });
    expect((await agent.call(receiveImage, one)).receivedBytes).toBe(MIB);
    const accepted: number[] = [];
    let restarted: Promise<void> | undefined;
    const tell = (bytes: number): void => {
      accepted.push(bytes);
      if (bytes === 3 * MIB) restarted = agent.stop().then(start);
    };
    const sent = sendByTus({ url: urlOf(one.imageId), ticket: TICKET, content, pieceBytes: MIB, tell });
    await pollUntil(() => restarted !== undefined, { what: 'three pieces', timeoutMs: 30_000 });
    await restarted;
    expect(await outcome(one)).toBe('complete');
    await sent;
    // It began where the hanging one stood, and went back over nothing.
    expect(accepted[0]).toBe(2 * MIB);
    expect(accepted.at(-1)).toBe(5 * MIB);
    expect(accepted).toEqual([...accepted].sort((a, b) => a - b));
    expect(readFileSync(join(library, `${one.sha256}.img`)).equals(content)).toBe(true);
    hanging.destroy();
    await remove(one);
  }, 180_000);

  it('are for who has the ticket, in the order of the bytes, and of no more than was said', async () => {
    const content = randomBytes(KIB);
    const one = asked(content);
    const { imageId } = one;
    await expected(one);
    const other = { ...tus, authorization: `Bearer ${TICKET}x` };
    for (const method of ['HEAD', 'DELETE', 'GET', 'POST'])
      expect(NOT_FOUND).toContain((await ask(imageId, method, other)).status);
    expect(NOT_FOUND).toContain((await ask(randomUUID(), 'HEAD')).status);
    expect((await ask('', 'GET')).status).toBe(404);
    expect((await ask(imageId, 'GET')).status).toBe(405);
    expect((await ask(imageId, 'POST')).status).toBe(405);
    expect((await ask(imageId, 'HEAD', { authorization: tus.authorization })).status).toBe(412);
    expect((await piece(imageId, 0, content, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await piece(imageId, 0, content, { 'upload-offset': '-1' })).status).toBe(400);
    expect((await piece(imageId, 1, content)).status).toBe(409);
    expect((await piece(imageId, 0, Buffer.concat([content, content]))).status).toBe(413);
    const begun = await ask(imageId, 'HEAD');
    expect([begun.headers.get('upload-offset'), begun.headers.get('upload-length')]).toEqual(['0', String(KIB)]);
    // A body that nobody reads keeps no connection.
    const withBody = request(urlOf(imageId), { method: 'HEAD', headers: { ...tus, 'content-length': '1000' } });
    withBody.on('error', () => undefined);
    withBody.flushHeaders();
    const [answer] = (await once(withBody, 'response')) as [IncomingMessage];
    expect(answer.headers.connection).toBe('close');
    withBody.destroy();
    expect((await piece(imageId, 0, content.subarray(0, 512))).headers.get('upload-offset')).toBe('512');
    expect((await piece(imageId, 0, content.subarray(0, 512))).status).toBe(409);
    const full = asked(content, { reservePercent: 100 });
    await expected(full);
    expect((await piece(full.imageId, 0, content)).status).toBe(507);
    for (const gone of [one, full]) await remove(gone);
    expect(files()).toEqual([]);
  }, 120_000);

  it('are let through from the pages that the operator names', async () => {
    const asking = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' };
    const preflight = (origin: string) => ask(randomUUID(), 'OPTIONS', { origin, ...asking });
    const ours = await preflight('https://app.example.org');
    expect(ours.status).toBe(204);
    // It is answered without a ticket, over and over.
    expect(ours.headers.get('connection')).toBe('close');
    expect(ours.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    expect(ours.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(ours.headers.get('access-control-allow-headers')).toContain('Upload-Offset');
    expect(ours.headers.get('access-control-allow-credentials')).toBeNull();
    expect((await preflight('https://evil.example.org')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('leave nothing of what is not what was said, or is given up', async () => {
    const content = randomBytes(64 * KIB);
    const sent = async (one: Asked, bytes = content): Promise<Asked> => {
      await expected(one);
      expect((await piece(one.imageId, 0, bytes)).status).toBe(204);
      return one;
    };
    const wrong = await sent(asked(content, { sha256: '0'.repeat(64) }));
    expect(await outcome(wrong)).toBe('IMAGE_CHECKSUM_MISMATCH');
    // Whoever asks again, because the answer was lost, hears the same, and nothing more is taken.
    expect(await agent.refusal(receiveImage, wrong)).toBe('IMAGE_CHECKSUM_MISMATCH');
    expect(NOT_FOUND).toContain((await ask(wrong.imageId, 'HEAD')).status);
    expect(await outcome(await sent(asked(content, { format: 'iso' })))).toBe('IMAGE_UNUSABLE');
    const givenUp = asked(content);
    await expected(givenUp);
    expect((await piece(givenUp.imageId, 0, content.subarray(0, KIB))).status).toBe(204);
    expect((await ask(givenUp.imageId, 'DELETE')).status).toBe(204);
    expect(await outcome(givenUp)).toBe('IMAGE_UPLOAD_ENDED');
    const tooLarge = asked(content, { sizeBytes: 65 * 1_024 * MIB });
    expect(await agent.refusal(receiveImage, tooLarge)).toBe('IMAGE_TOO_LARGE');
    expect(files()).toEqual([]);
    content.write('\x01CD001', 32_768, 'latin1');
    const disc = await sent(asked(content, { format: 'iso' }));
    expect(await outcome(disc)).toBe('complete');
    expect(files()).toContain(`${disc.sha256}.img`);
    await remove(disc);
  }, 120_000);
});
