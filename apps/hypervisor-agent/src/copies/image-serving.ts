import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { ImageRefused, openImage } from '../images/image-check.js';
import { ImageOffers, type OfferedFile } from './image-offers.js';

/** A proxy may lead here from any path. */
const PATH = /\/uploads\/([0-9a-f-]{36})\/content$/;
const BEARER = /^Bearer ([A-Za-z0-9_-]{16,128})$/;
const FROM = /^bytes=(\d{1,15})-$/;
const READ_BYTES = 1_048_576;
/** Whoever reads asks again on a connection of its own. */
const PLAIN = { 'cache-control': 'no-store', connection: 'close' } as const;

type Taken = OfferedFile & { readonly signal: AbortSignal; readonly imageId: string };

/** Sends images of this host to others that have a ticket, from any byte on. Nothing else is read here, and nothing listed. */
@Injectable()
export class ImageServing {
  constructor(
    private readonly offers: ImageOffers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whether an image is what is asked for. */
  isAskedBy({ url = '' }: IncomingMessage): boolean {
    return PATH.test(url);
  }

  /** Whatever goes wrong, whoever reads comes back, or reads elsewhere. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') return refuse(response, 405);
    const taken = this.taken(request);
    // Another's ticket, and an image that is not here, are the same: nobody learns what there is.
    if (taken === undefined) return refuse(response, 404);
    try {
      await send(taken, request.headers.range, response);
    } catch (error) {
      const { imageId } = taken;
      this.logger.info({ imageId, err: error }, 'an image was not sent to its end');
      if (response.headersSent) response.destroy();
      else refuse(response, error instanceof ImageRefused ? 404 : 503);
    }
  }

  private taken({ url = '', headers }: IncomingMessage): Taken | undefined {
    const imageId = PATH.exec(url)?.[1];
    const ticket = BEARER.exec(headers.authorization ?? '')?.[1];
    if (imageId === undefined || ticket === undefined) return undefined;
    const opened = this.offers.open(imageId, ticket);
    return opened === undefined ? undefined : { ...opened, imageId };
  }
}

/** The file is held open: one that is removed meanwhile is sent to its end. @throws ImageRefused when it is gone */
const send = async (
  { path, sizeBytes, signal }: Taken,
  range: string | undefined,
  response: ServerResponse,
): Promise<void> => {
  const start = Number(FROM.exec(range ?? '')?.[1] ?? 0);
  const file = await openImage(path);
  try {
    if ((await file.stat()).size !== sizeBytes) throw new ImageRefused('it is not the file that was offered');
    if (start >= sizeBytes) {
      response.writeHead(416, { ...PLAIN, 'content-range': `bytes */${sizeBytes}` }).end();
      return;
    }
    const sent = { 'content-type': 'application/octet-stream', 'content-length': String(sizeBytes - start) };
    const part = start === 0 ? {} : { 'content-range': `bytes ${start}-${sizeBytes - 1}/${sizeBytes}` };
    response.writeHead(start === 0 ? 200 : 206, { ...PLAIN, ...sent, ...part });
    // It closes the file when it ends, however that is; to close it once more does no harm.
    await pipeline(file.createReadStream({ start, highWaterMark: READ_BYTES }), response, { signal });
  } finally {
    await file.close();
  }
};

const refuse = (response: ServerResponse, status: number): void => {
  if (!response.destroyed) response.writeHead(status, PLAIN).end();
};
