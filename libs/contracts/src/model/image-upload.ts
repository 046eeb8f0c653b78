import { z } from 'zod';

/** As large as any host may be told to take (IMAGE_MAX_GIB). */
export const MAX_IMAGE_BYTES = 70_368_744_177_664;

/** An ISO is kept as the bytes that it is, once there is a volume descriptor in it; no disk is made of it. */
export const ImageUploadFormat = z.enum(['qcow2', 'raw', 'iso']);
export type ImageUploadFormat = z.infer<typeof ImageUploadFormat>;

const isBase = (text: string): boolean => {
  if (!/^https?:\/\/[^?#\s]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
};

/** Where browsers reach the uploads of a host. */
export const UploadBaseUrl = z
  .string()
  .max(1_024)
  .refine(isBase, 'must begin with https:// or http://, and have no user name, query or fragment');

/** Where the bytes of one image are sent. @param base what its host has told */
export const imageUploadUrl = (base: string, imageId: string): string =>
  `${base.replace(/\/+$/, '')}/uploads/${imageId}`;

/** Where another host reads the bytes of one image. @param base what the host that has it has told */
export const imageContentUrl = (base: string, imageId: string): string => `${imageUploadUrl(base, imageId)}/content`;
