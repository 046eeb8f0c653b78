import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

const keyOf = (internalKey: string): Buffer =>
  Buffer.from(hkdfSync('sha256', internalKey, '', 'infinibay signing key seal', 32));

/**
 * AES-256-GCM under a key derived from INTERNAL_KEY.
 * @param label bound to the sealed bytes: they open under no other one.
 * @returns iv, tag and ciphertext, one after the other
 */
export const seal = (plain: string, label: string, internalKey: string): Uint8Array<ArrayBuffer> => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(internalKey), iv).setAAD(Buffer.from(label));
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return new Uint8Array(Buffer.concat([iv, cipher.getAuthTag(), sealed]));
};

/** @throws Error when the key or the label is another one, or a byte was changed. */
export const unseal = (sealed: Uint8Array, label: string, internalKey: string): string => {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(internalKey), bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(label))
    .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
};
