import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Gateway, UsersProcess } from './gateway.fixture.js';

let users: UsersProcess;
let gateway: Gateway;
beforeAll(async () => {
  users = await UsersProcess.start();
  gateway = await Gateway.start({ USERS_URL: users.url });
});
afterAll(async () => {
  await gateway.stop();
  await users.stop();
});

/** The path as it is written: fetch() would tidy it up. */
const get = (origin: string, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const asked = request({ hostname, port, path, headers, method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    asked.on('error', reject);
    asked.end();
  });

const PATHS = ['/metrics', '/health/live', '/health/ready'] as const;

describe('the port for everybody', () => {
  it.each(
    PATHS.flatMap((path) => [
      path,
      path.toUpperCase(),
      `${path}/`,
      `/${path}`,
      `${path}?a=1`,
      path.replace('e', '%65'),
    ]),
  )('does not answer %s', async (path) => {
    const { status, body } = await get(gateway.url, path);
    expect([status, /infinibay_|process_cpu|"live"|"dependencies"/.test(body)]).toEqual([404, false]);
  });

  it('believes nobody who says that he came in by another', async () => {
    const port = new URL(gateway.healthUrl).port;
    const headers = { host: `127.0.0.1:${port}`, 'x-forwarded-port': port, 'x-forwarded-host': `127.0.0.1:${port}` };
    expect((await get(gateway.url, '/metrics', headers)).status).toBe(404);
    expect((await get(gateway.url, '/metrics', {}, 'HEAD')).status).toBe(404);
    expect((await get(gateway.url, gateway.healthUrl + '/metrics')).status).toBe(404);
  });
});

describe('the port of health', () => {
  it.each(PATHS)('answers %s', async (path) => {
    const { status, body } = await get(gateway.healthUrl, path);
    // Three subgraphs are away here, which readiness tells.
    expect([status, /infinibay_|"live"|"dependencies"/.test(body)]).toEqual([
      path === '/health/ready' ? 503 : 200,
      true,
    ]);
  });

  it('answers nothing else', async () => {
    expect((await get(gateway.healthUrl, '/graphiql')).status).toBe(404);
    expect((await get(gateway.healthUrl, '/graphql?query={__typename}', {}, 'POST')).status).toBe(404);
    expect((await get(gateway.healthUrl, '/health/../graphiql')).status).toBe(404);
  });
});
