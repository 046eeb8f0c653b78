import { describe, expect, it } from '@jest/globals';
import { addressKey, forwardedAddress } from './address-key.js';

describe(addressKey, () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('takes %s as a caller of %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe(forwardedAddress, () => {
  it.each([
    ['nobody but the connection', 0, '198.51.100.1, 192.0.2.7', '10.0.0.1'],
    ['one proxy, and not what the client wrote', 1, '198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['two proxies', 2, '198.51.100.1, 192.0.2.7', '198.51.100.1'],
    ['more proxies than there were', 3, '198.51.100.1, 192.0.2.7', '198.51.100.1'],
    ['a proxy that says nothing', 1, undefined, '10.0.0.1'],
    ['a proxy that says nothing sensible', 1, ' , ', '10.0.0.1'],
  ])('believes %s', (_whom, proxies, forwarded, address) => {
    expect(forwardedAddress('10.0.0.1', forwarded, proxies)).toBe(address);
  });
});
