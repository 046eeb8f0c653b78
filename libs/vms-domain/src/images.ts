/** Kinds of operations on images, each with the steps that a user sees. */
export const IMAGE_OPERATIONS = {
  IMPORT_IMAGE: ['import-image'],
  DELETE_IMAGE: ['remove-image'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ImageOperationKind = keyof typeof IMAGE_OPERATIONS;
export type ImageStep = (typeof IMAGE_OPERATIONS)[ImageOperationKind][number];

/** The next thing to do about an image; null: it is as it shall be, or waits for somebody to decide. */
export const planImage = (state: string): ImageStep | null => {
  if (state === 'IMPORTING') return 'import-image';
  return state === 'DELETING' ? 'remove-image' : null;
};
