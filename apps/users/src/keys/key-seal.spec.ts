import { describe, expect, it } from '@jest/globals';
import { seal, unseal } from './key-seal.js';

const KEY = 'k'.repeat(32);

describe(seal, () => {
  it('opens with the same key and label', () => {
    expect(unseal(seal('{"d":"secret"}', 'kid-1', KEY), 'kid-1', KEY)).toBe('{"d":"secret"}');
  });

  it('shows nothing of the text and never gives the same bytes twice', () => {
    const [first, second] = [seal('secret', 'kid-1', KEY), seal('secret', 'kid-1', KEY)];
    expect(Buffer.from(first).toString('latin1')).not.toContain('secret');
    expect(Buffer.from(first).equals(Buffer.from(second))).toBe(false);
  });

  it('refuses another key, another label and any changed byte', () => {
    const sealed = seal('secret', 'kid-1', KEY);
    expect(() => unseal(sealed, 'kid-1', 'x'.repeat(32))).toThrow();
    expect(() => unseal(sealed, 'kid-2', KEY)).toThrow();
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Uint8Array.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => unseal(changed, 'kid-1', KEY)).toThrow();
    }
  });
});
