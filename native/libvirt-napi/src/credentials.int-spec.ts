import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { patience } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from './connection.js';
import type { CredentialAnswers, CredentialRequest } from './credentials.js';

/** What a provider without types may give. */
const untyped = (value: unknown): CredentialAnswers => value as CredentialAnswers;

// The test driver asks for a name and a password when its file names users.
describe('credentials', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ib-credentials-'));
  const uri = `test://${path.join(folder, 'node.xml')}`;

  beforeAll(() => {
    writeFileSync(
      path.join(folder, 'node.xml'),
      `<node><auth><user password='sesame'>ali</user></auth>
       <domain type='test'><name>cave</name><memory>1000</memory><os><type>hvm</type></os></domain></node>`,
    );
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('are asked for, and open the connection when they are right', async () => {
    const asked: CredentialRequest[] = [];
    await using connection = await Connection.open(uri, {
      credentials: (requests) => {
        asked.push(...requests);
        return requests.map(({ type }) => (type === 'passphrase' ? 'sesame' : 'ali'));
      },
    });
    expect(asked.map(({ type }) => type)).toEqual(['authname', 'passphrase']);
    expect((await connection.domains.list()).map(({ name }) => name)).toEqual(['cave']);
  });

  it('are asked for by each connection of the pool', async () => {
    // A file of this name is read anew by each of them, as a daemon is asked anew.
    const own = `test://${path.join(folder, 'default')}`;
    copyFileSync(path.join(folder, 'node.xml'), path.join(folder, 'default'));
    let asked = 0;
    await using connection = await Connection.open(own, {
      callTimeoutMs: patience(10_000),
      credentials: async (requests) => {
        asked += 1;
        await Promise.resolve();
        return requests.map(({ type }) => (type === 'passphrase' ? 'sesame' : 'ali'));
      },
    });
    expect((await connection.domains.list()).map(({ name }) => name)).toEqual(['cave']);
    expect(asked).toBeGreaterThan(2);
  });

  it('may come later', async () => {
    await using connection = await Connection.open(uri, {
      credentials: async (requests) => {
        for (let turn = 0; turn < 50; turn += 1) await nextLoop();
        return requests.map(({ type }) => (type === 'passphrase' ? 'sesame' : 'ali'));
      },
    });
    expect(await connection.alive()).toBe(true);
  });

  it.each([
    ['wrong', () => ['ali', 'wrong']],
    ['missing', () => ['ali', null]],
    ['given up', () => null],
    ['no list', () => untyped('ali,sesame')],
    ['not text', () => untyped(['ali', 5])],
    ['text that C cannot have', () => ['ali', 'ses\0ame']],
    [
      'not to be read',
      () =>
        new Proxy([], {
          get: () => {
            throw new Error('no answers');
          },
        }),
    ],
    [
      'not to be had',
      () => {
        throw new Error('no vault');
      },
    ],
  ])('refuse the connection when they are %s', async (_how, credentials) => {
    await expect(Connection.open(uri, { credentials })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  });

  it('are not waited for longer than a call', async () => {
    const never = (): Promise<null> => new Promise(() => undefined);
    await expect(Connection.open(uri, { credentials: never, callTimeoutMs: 200 })).rejects.toMatchObject({
      name: 'LibvirtError',
    });
  });

  it('are given up with the opening', async () => {
    const [controller, asked] = [new AbortController(), Promise.withResolvers<true>()];
    const never = (): Promise<null> => {
      asked.resolve(true);
      return new Promise(() => undefined);
    };
    const opening = Connection.open(uri, { credentials: never, signal: controller.signal });
    const refused = expect(opening).rejects.toMatchObject({ code: 'CANCELLED', cause: 'changed my mind' });
    await asked.promise;
    controller.abort('changed my mind');
    await refused;
    const { signal } = controller;
    await expect(Connection.open('test:///default', { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('are not asked for without a provider', async () => {
    // libvirt's own words: no auth callbacks available.
    await expect(Connection.open(uri)).rejects.toMatchObject({ code: 'INVALID_ARG' });
  });
});
