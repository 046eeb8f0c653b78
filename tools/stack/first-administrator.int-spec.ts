import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import { ADMIN_EMAIL, forgetPassword, opensTheDoor, pendingPassword } from './first-administrator.ts';
import { temporaryState, type TemporaryState } from './test-infrastructure.ts';

let state: TemporaryState;
beforeEach(() => {
  state = temporaryState();
});
afterEach(() => {
  state.remove();
});

describe('the password that nobody was told yet', () => {
  it('is the same at the start after one that was cut off, and gone once it was told', () => {
    const made = pendingPassword(state.runDir, true);
    expect(made?.length).toBeGreaterThanOrEqual(12);
    // The account exists by now.
    expect(pendingPassword(state.runDir, false)).toBe(made);
    forgetPassword(state.runDir);
    expect(pendingPassword(state.runDir, false)).toBeUndefined();
  });

  it('is readable by its owner only, and nothing of it stays', () => {
    pendingPassword(state.runDir, true);
    const [file = ''] = readdirSync(state.runDir);
    expect(statSync(path.join(state.runDir, file)).mode & 0o077).toBe(0);
    forgetPassword(state.runDir);
    expect(readdirSync(state.runDir)).toEqual([]);
  });
});

describe(opensTheDoor.name, () => {
  let gateway: Server;
  let answers: (() => { code: number; body: unknown })[];
  const asked: string[] = [];

  beforeEach(async () => {
    asked.length = 0;
    gateway = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => asked.push(chunk.toString()));
      request.on('end', () => {
        const { code, body } = (answers.shift() ?? (() => ({ code: 200, body: { data: { logout: true } } })))();
        response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    gateway.closeAllConnections();
    gateway.close();
  });

  const refusal = (code: string) => () => ({ code: 200, body: { errors: [{ message: code, extensions: { code } }] } });
  const welcome = () => ({ code: 200, body: { data: { login: { accessToken: 't' } } } });
  const ask = () =>
    opensTheDoor({
      graphqlUrl: `http://127.0.0.1:${String((gateway.address() as AddressInfo).port)}/graphql`,
      password: 'the very password',
      checkpoint: () => undefined,
    });

  it('says no to a refused password, and asks again while there is neither a yes nor a no', async () => {
    answers = [refusal('INVALID_CREDENTIALS')];
    expect(await ask()).toBe(false);
    answers = [refusal('SERVICE_UNAVAILABLE'), () => ({ code: 502, body: {} }), welcome];
    expect(await ask()).toBe(true);
    expect(asked.at(-2)).toContain(ADMIN_EMAIL);
    expect(asked.at(-2)).toContain('the very password');
    expect(asked.at(-1)).toContain('logout');
  });
});
