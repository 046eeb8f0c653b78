import { z } from 'zod';
import { isVisible, nameKey } from './visible-text.js';

/** Tags of one resource. */
export const MAX_TAGS = 32;
export const MAX_TAG_LENGTH = 64;

const ALPHABET = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._:/=@+-]*$/u;

/**
 * A word by which people find resources, such as `web`, `env:prod` or `cost-center=4711`: 1 to 64 letters and digits of any
 * script and `. _ : / = @ + -`, beginning with a letter or digit. Kept in lower case, without space around it and in one
 * Unicode form, so that tags that differ in nothing else are one.
 */
export const Tag = z
  .string()
  .max(4 * MAX_TAG_LENGTH)
  .trim()
  .refine(isVisible, 'must consist of characters that can be seen')
  .transform(nameKey)
  .pipe(
    z
      .string()
      .max(MAX_TAG_LENGTH)
      .regex(ALPHABET, 'must be letters, digits and . _ : / = @ + -, beginning with a letter or digit'),
  );

/** Some tags at once, each once and in order. */
export const Tags = z
  .array(Tag)
  .max(MAX_TAGS)
  .transform((tags) => [...new Set(tags)].sort());
