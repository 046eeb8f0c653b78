import { describe, expect, it } from '@jest/globals';
import { CloudInit, MAX_PACKAGES, MAX_SSH_KEYS, MAX_USER_DATA_BYTES, isSameCloudInit } from './cloud-init.js';
import { ED25519, HASHES, publicKey } from './cloud-init.fixture.js';

const issuesOf = (input: Record<string, unknown>): string[] =>
  (CloudInit.safeParse(input).error?.issues ?? []).map(({ path }) => path.join('.'));

describe('what cloud-init shall find', () => {
  it('may be nothing but the name and the network', () => {
    expect(CloudInit.parse({})).toEqual({
      userName: null,
      sshAuthorizedKeys: [],
      passwordHash: null,
      packages: [],
      hostname: null,
      userData: null,
    });
  });

  it('is kept in a form that it is read from again', () => {
    const first = CloudInit.parse({
      userName: 'alice',
      sshAuthorizedKeys: [ED25519, ` ${ED25519}\n`],
      packages: ['a'],
    });
    expect(first.sshAuthorizedKeys).toEqual([ED25519]);
    const again = CloudInit.parse(JSON.parse(JSON.stringify(first)));
    expect(isSameCloudInit(first, again)).toBe(true);
    expect(isSameCloudInit(first, { ...again, packages: ['b'] })).toBe(false);
    expect(isSameCloudInit(null, null)).toBe(true);
    expect(isSameCloudInit(first, null)).toBe(false);
  });

  it.each(['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'sk-ssh-ed25519@openssh.com'])(
    'takes a public key of the type %s, with and without a remark',
    (type) => {
      for (const key of [publicKey(type), `${publicKey(type)} Zoë's key`])
        expect(issuesOf({ sshAuthorizedKeys: [key] })).toEqual([]);
    },
  );

  it.each([
    ['nothing', ''],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
    ['options before it', `command="rm -rf /" ${ED25519}`],
    ['two lines', `${ED25519}\n${ED25519}`],
    ['a line feed in the remark', `${ED25519} a\nb`],
    ['a direction override in the remark', `${ED25519} \u202e`],
    ['another type than the key says', publicKey('ssh-rsa').replace('ssh-rsa', 'ssh-ed25519')],
    ['a type that servers refuse', publicKey('ssh-dss')],
    ['a type that nobody knows', publicKey('ssh-new')],
    ['no key', 'ssh-ed25519 '],
    ['a name and nothing after it', `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519').toString('base64')}`],
    ['a key that is no base64', 'ssh-ed25519 AAAA!AAAA'],
    ['more than a key has', publicKey('ssh-rsa', 5_000)],
  ])('refuses as a public key: %s', (_what, key) => {
    expect(issuesOf({ sshAuthorizedKeys: [key] })).toEqual(['sshAuthorizedKeys.0']);
  });

  it.each(HASHES)('takes %s as the hash of a password', (passwordHash) => {
    expect(issuesOf({ userName: 'alice', passwordHash })).toEqual([]);
  });

  it.each([
    'secret',
    '$6$secret',
    '',
    // Of kinds that are broken, or that not every guest knows.
    '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/',
    '$2b$12$abcdefghijklmnopqrstuuWZ3q5wYyqg6O8sO6kDgfG5pAz9L1HXe',
    `${HASHES[0]}\n`,
    `${HASHES[0]}:x`,
    // A login would take minutes.
    (HASHES[1] ?? '').replace('rounds=5000', 'rounds=999999999'),
  ])('refuses %j as the hash of a password, without repeating it', (passwordHash) => {
    const refused = CloudInit.safeParse({ userName: 'alice', passwordHash });
    expect(refused.error?.issues.map(({ path }) => path.join('.'))).toEqual(['passwordHash']);
    expect(refused.error?.issues[0]?.message).toContain('a password itself is not taken');
    if (passwordHash.length > 2) expect(JSON.stringify(refused.error?.issues)).not.toContain(passwordHash);
  });

  it('wants to know whose password it is', () => {
    expect(issuesOf({ passwordHash: HASHES[0] })).toEqual(['passwordHash']);
  });

  it.each(['root', 'default', 'Alice', '1st', '-a', 'a b', 'a:b', 'a\nb', 'ä', '', 'a'.repeat(33)])(
    'refuses the user %j',
    (userName) => {
      expect(issuesOf({ userName })).toEqual(['userName']);
    },
  );

  it.each(['nginx', 'g++', 'python3.11', 'libfoo:amd64', 'pkg=1:2.3~rc1-4+b1', 'X', 'a'.repeat(128)])(
    'takes the package %s',
    (name) => {
      expect(issuesOf({ packages: [name] })).toEqual([]);
    },
  );

  it.each(['-y', '--allow-unauthenticated', 'nginx-', './evil.rpm', 'a b', 'a;b', 'a\n', '$(x)', '', 'a'.repeat(129)])(
    'refuses the package %j',
    (name) => {
      expect(issuesOf({ packages: [name] })).toEqual(['packages.0']);
    },
  );

  it.each(['#cloud-config', '#cloud-config\nruncmd: [ls]\n', '#cloud-config \r\na: 1', '#!/bin/sh\necho "ü🙂"\n\t# x'])(
    'takes %j as user data',
    (userData) => {
      expect(CloudInit.parse({ userData }).userData).toBe(userData);
    },
  );

  it.each([
    '',
    'runcmd: [ls]',
    '#cloud-configs',
    ' #cloud-config',
    '#include\nhttps://example.org',
    '#!/bin/sh\n\0',
    '#!\ud800',
  ])('refuses %j as user data', (userData) => {
    expect(issuesOf({ userData })).toContain('userData');
  });

  it('is bounded', () => {
    const keys = (count: number) => Array.from({ length: count }, (_, index) => `${ED25519} ${index}`);
    const packages = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);
    const script = (bytes: number) => `#!${'é'.repeat((bytes - 2) / 2)}`;
    const most = {
      sshAuthorizedKeys: keys(MAX_SSH_KEYS),
      packages: packages(MAX_PACKAGES),
      userData: script(MAX_USER_DATA_BYTES),
    };
    expect(issuesOf(most)).toEqual([]);
    expect(issuesOf({ sshAuthorizedKeys: keys(MAX_SSH_KEYS + 1) })).toEqual(['sshAuthorizedKeys']);
    expect(issuesOf({ packages: packages(MAX_PACKAGES + 1) })).toEqual(['packages']);
    expect(issuesOf({ userData: script(MAX_USER_DATA_BYTES + 2) })).toEqual(['userData']);
  });
});
