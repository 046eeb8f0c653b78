import type { NetworkSpec } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { requireHostnames } from './network-xml.js';

const reserving = (hostname: string | null): Pick<NetworkSpec, 'reservations'> => ({
  reservations: [{ mac: '52:54:00:12:34:56', address: '10.80.0.10', hostname }],
});

describe(requireHostnames.name, () => {
  it.each([
    ['a&b'],
    ['a<b'],
    ["a' ip='10.80.0.1"],
    ['a"b'],
    ['a\nb'],
    ['a\0b'],
    ['ignore'],
    ['infinite'],
    ['60'],
    ['1h'],
    ['wpad'],
    ['localhost'],
    ['set:x'],
    ['a.b'],
    ['A'],
  ])('refuses %j', (hostname) => {
    expect(() => requireHostnames(reserving(hostname))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it.each([['web-1'], ['1web'], ['vm-60'], ['a'], [null]])('takes %j', (hostname) => {
    expect(() => requireHostnames(reserving(hostname))).not.toThrow();
  });
});
