import { describe, expect, it } from '@jest/globals';
import { PeerPolicy, SourcePolicy, parseRange } from './source-policy.js';

describe(SourcePolicy, () => {
  const policy = new SourcePolicy({ ranges: [], hosts: [] }, () => ['93.184.215.14', '2a00::1']);

  it.each([
    ['loopback', '127.0.0.1', '127.255.0.9', '::1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1', 'fec0::1'],
    ['link-local, with the metadata of clouds', '169.254.169.254', 'fe80::1', 'fe80::1%eth0'],
    ['metadata elsewhere', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'],
    ['nobody, everybody, many', '0.0.0.0', '255.255.255.255', '224.0.0.1', '::', 'ff02::1'],
    ['carriers, benchmarks, documents', '100.64.0.1', '198.18.0.1', '192.0.2.1', '203.0.113.9', '2001:db8::1'],
    ['IPv4 in IPv6', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::127.0.0.1', '2002:7f00:1::', '2001:0:1::1'],
    ['IPv4 that is translated', '64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::7f00:1'],
    ['the host itself', '93.184.215.14', '2a00::1'],
    ['no address', '', 'localhost', '127.1', '0x7f000001'],
  ])('does not let anybody fetch from %s', (_what, ...addresses) => {
    for (const address of addresses) expect([address, policy.permitsAddress(address)]).toEqual([address, false]);
  });

  it('lets fetch from public addresses, and from what the operator has named', () => {
    const own = new SourcePolicy({ ranges: ['10.1.2.0/24', 'fd00::/8', '93.184.215.14/32'], hosts: [] }, () => []);
    for (const address of ['8.8.8.8', '172.32.0.1', '2a00::2']) expect(policy.permitsAddress(address)).toBe(true);
    for (const address of ['10.1.2.3', 'fd12::1', '93.184.215.14', '8.8.8.8'])
      expect(own.permitsAddress(address)).toBe(true);
    for (const address of ['10.1.3.1', '127.0.0.1', 'fe80::1']) expect(own.permitsAddress(address)).toBe(false);
  });

  it('knows the servers that the operator has named, and with none named all', () => {
    const named = new SourcePolicy({ ranges: [], hosts: ['images.example.org', '.debian.org'] });
    for (const name of ['images.example.org', 'IMAGES.example.org.', 'cloud.debian.org'])
      expect([name, named.permitsHost(name)]).toEqual([name, true]);
    for (const name of ['example.org', 'debian.org', 'notdebian.org', 'x.images.example.org', '8.8.8.8'])
      expect([name, named.permitsHost(name)]).toEqual([name, false]);
    expect(policy.permitsHost('anything.example')).toBe(true);
  });

  it('reads ranges and nothing else', () => {
    expect(parseRange('10.0.0.0/8')).toEqual(['10.0.0.0', 8]);
    for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '/8', '10.0.0.0/8/8', 'all/0', '10.0.0.0/'])
      expect(parseRange(text)).toBeNull();
  });
});

describe(PeerPolicy, () => {
  it('lets images be read from other hosts, which may be in a private network, and not from what clouds tell', () => {
    const policy = new PeerPolicy();
    for (const address of ['10.1.2.3', '192.168.1.1', '127.0.0.1', 'fd00::1', '8.8.8.8', '2a00::1'])
      expect([address, policy.permitsAddress(address)]).toEqual([address, true]);
    const refused = ['169.254.169.254', '168.63.129.16', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', '0.0.0.0', '::'];
    const elsewhere = ['100.100.100.200', '192.0.0.192', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe'];
    for (const address of [...refused, ...elsewhere, '::ffff:169.254.169.254', '224.0.0.1', 'ff02::1', 'host-1', ''])
      expect([address, policy.permitsAddress(address)]).toEqual([address, false]);
  });
});
