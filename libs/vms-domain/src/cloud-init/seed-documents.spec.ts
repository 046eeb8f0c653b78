import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { CloudInit } from './cloud-init.js';
import { ED25519, HASHES } from './cloud-init.fixture.js';
import { seedDocuments } from './seed-documents.js';

/** All its digits are below sixty: unquoted it is a number for YAML 1.1. */
const MAC = '11:22:33:44:55:16';
const OF = { instanceId: '0196f5a0-0000-7000-8000-0000000000a7', vmName: 'web-1', mac: MAC };
const ALL = { userName: 'alice', sshAuthorizedKeys: [ED25519], passwordHash: HASHES[0], packages: ['g++', 'nginx'] };

const documentsOf = (input: Record<string, unknown>) => seedDocuments(CloudInit.parse(input), OF);

/** cloud-init reads YAML 1.1. */
const read = (text: string): unknown => parse(text, { version: '1.1' });

/** Header and body of each part, as a reader of MIME splits them. */
const partsOf = (text: string): { readonly type: string; readonly text: string }[] => {
  const [, boundary = ''] =
    /^Content-Type: multipart\/mixed; boundary="([^"]+)"\nMIME-Version: 1\.0\n\n/.exec(text) ?? [];
  const lines = text.split('\n');
  const marks = lines.flatMap((line, index) => (line.startsWith(`--${boundary}`) ? [index] : []));
  expect(lines[marks.at(-1) ?? 0]).toBe(`--${boundary}--`);
  return marks.slice(0, -1).map((mark, index) => {
    const part = lines.slice(mark + 1, marks[index + 1]);
    const gap = part.indexOf('');
    const type = /^Content-Type: ([^;]+);/.exec(part[0] ?? '')?.[1] ?? '';
    return { type, text: Buffer.from(part.slice(gap + 1).join(''), 'base64').toString() };
  });
};

describe(seedDocuments.name, () => {
  it('names the guest by the VM, or as was asked, and its instance', () => {
    expect(read(documentsOf({}).metaData)).toEqual({ 'instance-id': OF.instanceId, 'local-hostname': 'web-1' });
    expect(read(documentsOf({ hostname: 'shop' }).metaData)).toMatchObject({ 'local-hostname': 'shop' });
  });

  it("lets the VM's card ask for its address, whatever the guest calls it", () => {
    expect(read(documentsOf({}).networkConfig)).toEqual({
      version: 2,
      ethernets: { eth0: { match: { macaddress: MAC }, 'set-name': 'eth0', dhcp4: true } },
    });
  });

  it('names its other cards too, whose default routes come after that of the first', () => {
    const { networkConfig } = seedDocuments(CloudInit.parse({}), { ...OF, furtherMacs: ['52:54:00:00:00:02'] });
    const eth0 = { match: { macaddress: MAC }, 'set-name': 'eth0', dhcp4: true };
    const overrides = { 'dhcp4-overrides': { 'route-metric': 1_001 } };
    const eth1 = { match: { macaddress: '52:54:00:00:00:02' }, 'set-name': 'eth1', dhcp4: true, ...overrides };
    expect(read(networkConfig)).toEqual({ version: 2, ethernets: { eth0, eth1 } });
  });

  it('makes a user with keys and a password, and installs packages', () => {
    const { userData } = documentsOf(ALL);
    expect(userData.startsWith('#cloud-config\n')).toBe(true);
    expect(read(userData)).toEqual({
      users: [
        {
          name: 'alice',
          sudo: 'ALL=(ALL) NOPASSWD:ALL',
          lock_passwd: false,
          hashed_passwd: HASHES[0],
          ssh_authorized_keys: [ED25519],
        },
      ],
      package_update: true,
      packages: ['g++', 'nginx'],
    });
  });

  it('gives keys without a user to the user of the image', () => {
    expect(read(documentsOf({ sshAuthorizedKeys: [ED25519] }).userData)).toEqual({ ssh_authorized_keys: [ED25519] });
  });

  it('says nothing where nothing is asked for', () => {
    expect(read(documentsOf({}).userData)).toEqual({});
  });

  it('shows user data as it was given when there is nothing beside it', () => {
    for (const userData of ['#cloud-config\nruncmd: [ls]', '#!/bin/sh\r\necho\n'])
      expect(documentsOf({ userData, hostname: 'shop' }).userData).toBe(userData);
  });

  it.each([
    ['#cloud-config\npackages: [only]\n', 'text/cloud-config'],
    ['#!/bin/sh\necho "ü🙂"\n', 'text/x-shellscript'],
  ])('shows %j after the rest when there is something beside it', (userData, type) => {
    const [first, second, ...more] = partsOf(documentsOf({ ...ALL, userData }).userData);
    expect(first).toEqual({ type: 'text/cloud-config', text: documentsOf(ALL).userData });
    expect(second).toEqual({ type, text: userData });
    expect(more).toEqual([]);
  });

  it('says the same of the same', () => {
    expect(documentsOf({ ...ALL, userData: '#!x' })).toEqual(documentsOf({ ...ALL, userData: '#!x' }));
  });
});

/** What means something to YAML or MIME, and any text beside it. */
const hostile = fc.oneof(
  fc.constantFrom(
    'a: b',
    '- x',
    '{x}',
    "'",
    '"',
    '\\',
    '#',
    '&a *a',
    '!!int 1',
    '%YAML',
    '---',
    'no',
    '0x1f',
    '1:2',
    '@`',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
);

describe('hostile texts', () => {
  it('come back from the YAML as they went in, and as nothing else', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 6 }), (texts) => {
        const sshAuthorizedKeys = texts.map((text) => `${ED25519.split(' ').slice(0, 2).join(' ')} ${text}`);
        const asked = CloudInit.safeParse({ userName: 'alice', sshAuthorizedKeys });
        fc.pre(asked.success);
        const { userData } = seedDocuments(asked.data, OF);
        const users = { name: 'alice', sudo: 'ALL=(ALL) NOPASSWD:ALL', lock_passwd: true };
        const { sshAuthorizedKeys: keys } = asked.data;
        const expected = { users: [keys.length === 0 ? users : { ...users, ssh_authorized_keys: keys }] };
        expect(read(userData)).toEqual(expected);
        expect(parse(userData)).toEqual(expected);
      }),
    );
  });

  it('stay within their part', () => {
    const line = fc.oneof(
      hostile,
      fc.constantFrom(
        '----------infinibay',
        '----------infinibay--',
        'Content-Type: text/x-shellscript',
        'MIME-Version: 1.0',
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.constantFrom('#cloud-config', '#!/bin/sh'), (lines, head) => {
        const asked = CloudInit.safeParse({ ...ALL, userData: [head, ...lines].join('\n') });
        fc.pre(asked.success);
        const parts = partsOf(seedDocuments(asked.data, OF).userData);
        expect(parts.map(({ text }) => text)).toEqual([documentsOf(ALL).userData, asked.data.userData]);
      }),
    );
  });
});
