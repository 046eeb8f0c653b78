import { Upload } from 'tus-js-client';

type Input = ConstructorParameters<typeof Upload>[0];

export interface Sending {
  readonly url: string;
  readonly ticket: string;
  readonly content: Buffer;
  /** Bytes that one request carries. */
  readonly pieceBytes: number;
  /** Is told how much the host has, after each piece. */
  readonly tell?: (acceptedBytes: number) => void;
}

/** Sends a file as browsers do, with the client that the tus project keeps: whatever breaks, it comes back. */
export const sendByTus = ({ url, ticket, content, pieceBytes, tell }: Sending): Promise<void> =>
  new Promise((resolve, reject) => {
    // Its types name what browsers have; in Node it takes buffers.
    const input: unknown = content;
    const upload = new Upload(input as Input, {
      uploadUrl: url,
      headers: { authorization: `Bearer ${ticket}` },
      chunkSize: pieceBytes,
      retryDelays: Array.from({ length: 400 }, () => 250),
      onChunkComplete: (_piece, acceptedBytes) => tell?.(acceptedBytes),
      onSuccess: () => resolve(),
      onError: (error) => reject(error),
    });
    upload.start();
  });
