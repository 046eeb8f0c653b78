import { describe, expect, it } from '@jest/globals';

import { imageId, uuidV5 } from './manifest.ts';

describe(uuidV5.name, () => {
  it('agrees with the example of RFC 9562', () => {
    expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });
});

describe(imageId.name, () => {
  it('differs by name and by version', () => {
    expect(new Set([imageId('a', '1'), imageId('a', '2'), imageId('b', '1')]).size).toBe(3);
  });
});
