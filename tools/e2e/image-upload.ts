import { createHash, randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { Upload } from 'tus-js-client';
import type { DepartmentUnderTest } from './department-under-test.ts';
import { codeOf } from './probes.ts';

type Content = ConstructorParameters<typeof Upload>[0];

interface Place {
  readonly url: string;
  readonly ticket: string;
}

interface ImagePicture {
  readonly state: string;
  readonly errorMessage: string | null;
}

const PIECE_BYTES = 1_048_576;
const CREATE =
  'mutation ($input: CreateImageUploadInput!) { createImageUpload(input: $input) { image { id } upload { url ticket } } }';
const IMAGE = 'query ($id: ID!) { image(id: $id) { state errorMessage } }';

export const imageOf = async (by: DepartmentUnderTest, id: string): Promise<ImagePicture> =>
  (await by.member.ask<{ image: ImagePicture }>(IMAGE, { id })).image;

/** @throws Error when it cannot be made */
export const imageReady = (by: DepartmentUnderTest, id: string): Promise<unknown> => {
  const isReady = async (): Promise<boolean> => {
    const { state, errorMessage } = await imageOf(by, id);
    if (state === 'FAILED') throw new Error(`the image failed: ${errorMessage ?? ''}`);
    return state === 'READY';
  };
  return pollUntil(isReady, { timeoutMs: 120_000, intervalMs: 200, what: 'the image' });
};

/** A file that a member of a department sends as a browser does. */
export class ImageUpload {
  readonly imageId: string;
  private readonly content: Buffer;
  private readonly place: Place;

  private constructor(imageId: string, content: Buffer, place: Place) {
    this.imageId = imageId;
    this.content = content;
    this.place = place;
  }

  static async create(
    by: DepartmentUnderTest,
    content: Buffer,
    said: { readonly name: string; readonly format: 'QCOW2' | 'ISO' },
  ): Promise<ImageUpload> {
    const input = {
      ...said,
      idempotencyKey: randomUUID(),
      departmentId: by.id,
      sizeBytes: content.length,
      sha256: sha256Of(content),
      minMemoryMib: 128,
    };
    const create = () =>
      by.member.ask<{ createImageUpload: { image: { id: string }; upload: Place } }>(CREATE, { input });
    // A host tells every few seconds that it takes uploads.
    const { createImageUpload } = await pollUntil(
      async () => {
        const asked = create();
        const code = await codeOf(asked);
        if (code === 'no error') return asked;
        if (code !== 'IMAGE_UPLOADS_UNAVAILABLE' && code !== 'NO_SUITABLE_POOL') throw new Error(code);
        return undefined;
      },
      { timeoutMs: 60_000, intervalMs: 500, what: 'a host that takes uploads' },
    );
    return new ImageUpload(createImageUpload.image.id, content, createImageUpload.upload);
  }

  /** @param breaksOff goes away when the first piece has come */
  send(breaksOff = false): Promise<void> {
    const { url, ticket } = this.place;
    return new Promise((resolve, reject) => {
      // Its types name what browsers have; in Node it takes buffers.
      const input: unknown = this.content;
      const upload = new Upload(input as Content, {
        uploadUrl: url,
        headers: { authorization: `Bearer ${ticket}` },
        chunkSize: PIECE_BYTES,
        retryDelays: Array.from({ length: 200 }, () => 250),
        onChunkComplete: () => {
          if (breaksOff) upload.abort().then(resolve, reject);
        },
        onSuccess: () => {
          resolve();
        },
        onError: reject,
      });
      upload.start();
    });
  }
}

export const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
