import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Gateway, UsersProcess } from './gateway.fixture.js';

const CREATE = `mutation ($name: String!, $key: String) {
  createDepartment(input: { name: $name, idempotencyKey: $key }) { id } }`;

describe('the header Idempotency-Key', () => {
  let users: UsersProcess;
  let gateway: Gateway;
  let token: string;
  beforeAll(async () => {
    users = await UsersProcess.start();
    gateway = await Gateway.start({ USERS_URL: users.url, CORS_ORIGINS: 'https://console.example' });
    token = (await gateway.login()).accessToken;
  }, 180_000);
  afterAll(async () => {
    await gateway.stop();
    await users.stop();
  });

  const post = (query: string, variables: Record<string, unknown>, header?: string) =>
    gateway.post(
      { query, variables },
      { authorization: `Bearer ${token}`, ...(header === undefined ? {} : { 'idempotency-key': header }) },
    );
  const create = async (variables: Record<string, unknown>, header?: string) => {
    const { data, code, text } = await post(CREATE, variables, header);
    return { id: (data?.['createDepartment'] as { id: string } | null | undefined)?.id, code, text };
  };

  it('is the key of a mutation whose input has none: repeated, it acts once', async () => {
    const [key, name] = [randomUUID(), `d ${randomUUID()}`];
    const first = await create({ name }, key);
    expect(first.code).toBeUndefined();
    for (const again of [await create({ name }, key), await create({ name }, `"${key}"`), await create({ name, key })])
      expect(again.id).toBe(first.id);
    expect((await create({ name: `other ${randomUUID()}` }, key)).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('may say the same as the input, and nothing else', async () => {
    const [key, name] = [randomUUID(), `d ${randomUUID()}`];
    expect((await create({ name, key }, randomUUID())).code).toBe('IDEMPOTENCY_KEYS_DIFFER');
    expect((await create({ name, key }, key)).code).toBeUndefined();
  });

  it('is needed when the input has no key, and must be one', async () => {
    const name = `d ${randomUUID()}`;
    for (const header of [
      undefined,
      '',
      'short',
      'with a space in it',
      'x'.repeat(129),
      'x'.repeat(10_000),
      'x'.repeat(15_000),
      '""',
    ])
      expect([header?.length, (await create({ name }, header)).code]).toEqual([header?.length, 'INVALID_INPUT']);
    expect((await create({ name }, randomUUID())).code).toBeUndefined();
  });

  it('serves a document with several mutations, and the same document again', async () => {
    const document = `mutation ($a: String!, $b: String!, $c: String!) {
      createDepartment(input: { name: $a }) { id }
      b: createDepartment(input: { name: $b }) { id }
      c: createDepartment(input: { name: $c }) { id } }`;
    const names = { a: `d ${randomUUID()}`, b: `d ${randomUUID()}`, c: `d ${randomUUID()}` };
    const key = randomUUID();
    const first = await post(document, names, key);
    expect(first.errors).toEqual([]);
    const ids = Object.values(first.data ?? {}).map((made) => (made as { id: string }).id);
    expect(new Set(ids).size).toBe(3);
    expect((await post(document, names, key)).data).toEqual(first.data);
  });

  it('means nothing to a query', async () => {
    expect((await post('{ me { id } }', {}, 'short')).code).toBeUndefined();
  });

  it('may be sent by a page of another origin that may call', async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://console.example', 'access-control-request-method': 'POST' },
    });
    await response.body?.cancel();
    expect(response.headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });
});
