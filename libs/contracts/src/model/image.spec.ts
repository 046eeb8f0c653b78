import { describe, expect, it } from '@jest/globals';
import { ImageUrl } from './image.js';

describe('the address of an image', () => {
  it.each(['https://images.example.org/a.qcow2?signature=x%20y', 'HTTP://192.0.2.1:8080/', 'https://[2001:db8::1]/a'])(
    'may be %s',
    (url) => {
      expect(ImageUrl.parse(url)).toBe(url);
    },
  );

  it.each([
    'ftp://example.org/a',
    'file:///etc/passwd',
    'https://',
    'https://user@example.org/a',
    'https://user:secret@example.org/a',
    'https://example.org/a b',
    'https://example.org/\u202E',
    'https://example.org:99999/',
    `https://example.org/${'a'.repeat(2_048)}`,
    '//example.org/a',
    '',
  ])('is not %j', (url) => {
    expect(ImageUrl.safeParse(url).success).toBe(false);
  });
});
