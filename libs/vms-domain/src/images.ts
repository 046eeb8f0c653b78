/** Kinds of operations on images, each with the steps that a user sees. */
export const IMAGE_OPERATIONS = {
  IMPORT_IMAGE: ['import-image'],
  UPLOAD_IMAGE: ['receive-image'],
  CAPTURE_IMAGE: ['capture-image'],
  COPY_IMAGE: ['copy-image'],
  DELETE_IMAGE: ['remove-image'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ImageOperationKind = keyof typeof IMAGE_OPERATIONS;
export type ImageStep = (typeof IMAGE_OPERATIONS)[ImageOperationKind][number];

/** What cancelOperation takes back, as long as it has not come about. */
export const isCancellableOnImage = (kind: string): boolean => kind === 'COPY_IMAGE';

/**
 * The next thing to do about an image; null: it is as it shall be, or waits for somebody to decide. One that is READY may be
 * on its way to further hosts, which changes nothing of it.
 */
export const planImage = (state: string): ImageStep | null => {
  if (state === 'IMPORTING') return 'import-image';
  if (state === 'UPLOADING') return 'receive-image';
  if (state === 'CAPTURING') return 'capture-image';
  return state === 'DELETING' ? 'remove-image' : null;
};

/** SHA-256 of an image that is not made yet: no file has it. */
export const UNKNOWN_SHA256 = '0'.repeat(64);

/** Nobody has gone on with an upload for so long: it is given up. */
export const UPLOAD_IDLE_MS = 86_400_000;

/** How much of a file has come, in percent; all of it is told of when it is kept, and not before. */
export const uploadPercent = (receivedBytes: number, sizeBytes: number): number =>
  Math.min(99, Math.floor((100 * receivedBytes) / sizeBytes));

/** A byte a day must not keep a place for ever. */
export const LONGEST_UPLOAD_MS = 604_800_000;

/** How far an upload is that has not become an image yet. */
export interface UploadFacts {
  /** Since when it is asked for. */
  readonly ageMs: number;
  /** Nobody has been seen to go on with it for UPLOAD_IDLE_MS. */
  readonly isIdle: boolean;
  /** What was known to have come before, what has come, and what is to come. */
  readonly knownBytes: number;
  readonly receivedBytes: number;
  readonly sizeBytes: number;
}

/** Whether it is given up. What has come whole waits for its host, and not for who sends it. */
export const isUploadOver = ({ ageMs, isIdle, knownBytes, receivedBytes, sizeBytes }: UploadFacts): boolean =>
  ageMs > LONGEST_UPLOAD_MS || (isIdle && receivedBytes <= knownBytes && receivedBytes < sizeBytes);

/** A large image that waits behind others on its host takes as long; what goes on without end, or fails all the time, ends. */
export const LONGEST_COPY_MS = 86_400_000;

/** Hosts to read an image from, in the order in which they are asked: that which it is read from already comes first. */
export const sourcesInTurn = (sources: readonly string[], current: string | null): readonly string[] =>
  current === null || !sources.includes(current) ? sources : [current, ...sources.filter((one) => one !== current)];

/** From which it is read when one has not sent it: each in turn, by their ids; null: there is none. */
export const sourceAfter = (sources: readonly string[], current: string | null): string | null => {
  const inOrder = [...sources].sort();
  return inOrder.find((one) => current === null || one > current) ?? inOrder[0] ?? null;
};
