import { z } from 'zod';

/** The version that hosts tell of an image that was imported through the API: vms knows it, and adopts none by itself. */
export const IMPORTED_IMAGE_VERSION = 'imported';

const SPELLING = /^https?:\/\/[\x21-\x7e]+$/i;

const isFetchable = (text: string): boolean => {
  if (!SPELLING.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
};

/** Where an image is fetched from. Which addresses a host really connects to is the host's own decision. */
export const ImageUrl = z
  .string()
  .max(2_048)
  .refine(isFetchable, 'must be an address that begins with https:// or http://, without a user name or password')
  .describe('https or http, without credentials; it may hold a signature and is not told to others');
