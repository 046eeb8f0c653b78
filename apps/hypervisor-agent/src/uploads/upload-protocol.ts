import type { IncomingMessage } from 'node:http';
import { Uuid } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { ImageUploads, type ExpectedUpload } from '../imports/image-uploads.js';
import { UPLOAD_METHODS } from './cors.js';
import { UploadRefused } from './upload-refused.js';
import { UploadWriter } from './upload-writer.js';
import { isYoung } from './young-id.js';

/** The version of tus that is spoken: https://tus.io/protocols/resumable-upload */
export const TUS_VERSION = '1.0.0';
const OFFERED = { 'tus-version': TUS_VERSION, 'tus-extension': 'termination' } as const;
const PIECE_TYPE = 'application/offset+octet-stream';

/** A proxy may lead here from any path. */
const PATH = /\/uploads\/([0-9a-f-]{36})$/;
const BEARER = /^Bearer ([A-Za-z0-9_-]{16,128})$/;
const NUMBER = /^\d{1,15}$/;

/** vms says soon after the agent's start what is expected; until then nobody is told that there is no such upload. */
const STARTING_MS = 120_000;

export interface UploadAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The core of tus 1.0 and its extension `termination`. An upload is created by vms and nowhere else: nothing here makes
 * one, lists them, or reads one out.
 */
@Injectable()
export class UploadProtocol {
  private readonly startedAt = performance.now();

  constructor(
    private readonly uploads: ImageUploads,
    private readonly writer: UploadWriter,
  ) {}

  /** @throws UploadRefused and what refusalOf knows */
  async answer(request: IncomingMessage): Promise<UploadAnswer> {
    const { method, headers } = request;
    // It needs no ticket: whoever asks over and over must not keep one of the few connections by it.
    const asked = { ...OFFERED, allow: UPLOAD_METHODS, connection: 'close' };
    if (method === 'OPTIONS') return { status: 204, headers: asked };
    if (headers['tus-resumable'] !== TUS_VERSION) throw new UploadRefused(412, `tus ${TUS_VERSION} is spoken here`);
    const upload = this.openedBy(request);
    if (method === 'HEAD') {
      const offset = await this.writer.offsetOf(upload);
      const lengths = { 'upload-offset': String(offset), 'upload-length': String(upload.sizeBytes) };
      return { status: 200, headers: { ...lengths, 'cache-control': 'no-store' } };
    }
    if (method === 'PATCH') {
      const offset = await this.append(upload, request);
      return { status: 204, headers: { 'upload-offset': String(offset) } };
    }
    if (method !== 'DELETE') throw new UploadRefused(405, `Only ${UPLOAD_METHODS}`);
    await this.writer.giveUp(upload);
    return { status: 204, headers: {} };
  }

  /** Another's ticket, and an upload that is not expected, are the same: nobody learns what there is. */
  private openedBy({ url = '', headers }: IncomingMessage): ExpectedUpload {
    const imageId = PATH.exec(url)?.[1];
    const ticket = BEARER.exec(headers.authorization ?? '')?.[1];
    if (imageId !== undefined && ticket !== undefined && Uuid.safeParse(imageId).success) {
      const upload = this.uploads.openedBy(imageId, ticket);
      if (upload !== undefined) return upload;
      if (isYoung(imageId) || performance.now() - this.startedAt < STARTING_MS)
        throw new UploadRefused(503, 'It is not known yet whether there is such an upload');
    }
    throw new UploadRefused(404, 'There is no such upload');
  }

  private append(upload: ExpectedUpload, request: IncomingMessage): Promise<number> {
    const { 'content-type': type, 'content-length': length, 'upload-offset': offset } = request.headers;
    if (type !== PIECE_TYPE) throw new UploadRefused(415, `A piece is ${PIECE_TYPE}`);
    if (typeof offset !== 'string' || !NUMBER.test(offset)) throw new UploadRefused(400, 'Upload-Offset is missing');
    const piece = { offset: Number(offset), length: length === undefined ? null : Number(length), body: request };
    return this.writer.append(upload, piece);
  }
}
