import { describe, expect, it } from '@jest/globals';
import { UploadBaseUrl, imageContentUrl, imageUploadUrl } from './image-upload.js';

describe('the address of uploads', () => {
  it('is a plain one, to which images add their ids', () => {
    for (const base of ['https://host-1.example.org', 'https://example.org/hosts/1/', 'http://127.0.0.1:8443'])
      expect([base, UploadBaseUrl.safeParse(base).success]).toEqual([base, true]);
    expect(imageUploadUrl('https://example.org/hosts/1/', 'x')).toBe('https://example.org/hosts/1/uploads/x');
    expect(imageUploadUrl('https://example.org', 'x')).toBe('https://example.org/uploads/x');
    // Below the same path: a proxy that lets uploads through lets hosts read too.
    expect(imageContentUrl('https://example.org/', 'x')).toBe('https://example.org/uploads/x/content');
  });

  it('has no secrets, and nothing that would cut off what is added', () => {
    const wrong = ['ftp://example.org', 'https://u:p@example.org', 'https://example.org/?', 'https://example.org/#b'];
    for (const base of [...wrong, 'host-1'])
      expect([base, UploadBaseUrl.safeParse(base).success]).toEqual([base, false]);
  });
});
