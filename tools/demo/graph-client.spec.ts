import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GraphClient } from './graph-client.ts';

interface Asked {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly authorization: string | undefined;
}

/** Speaks the gateway's part of the protocol: which token holds is decided by the test. */
describe('the GraphQL client', () => {
  let server: Server;
  let client: GraphClient;
  let asked: Asked[];
  let holds: string;

  const answerTo = ({ query, authorization, variables }: Asked): unknown => {
    const tokens = (n: number) => ({ accessToken: `access-${String(n)}`, refreshToken: `refresh-${String(n)}` });
    if (query.includes('login')) return { data: { login: tokens(1) } };
    if (query.includes('refreshSession')) {
      holds = 'access-2';
      return variables['refreshToken'] === 'refresh-1'
        ? { data: { refreshSession: tokens(2) } }
        : { errors: [{ message: 'no', extensions: { code: 'SESSION_ENDED' } }] };
    }
    return authorization === `Bearer ${holds}`
      ? { data: { ok: true } }
      : { errors: [{ message: 'no', extensions: { code: 'TOKEN_EXPIRED' } }] };
  };

  beforeEach(async () => {
    asked = [];
    holds = 'access-1';
    server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Asked, 'authorization'>;
        const one = { ...body, authorization: request.headers.authorization };
        asked.push(one);
        response.end(JSON.stringify(answerTo(one)));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new GraphClient(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/graphql`);
    await client.login('someone@example.org', 'a password');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gets another token when its own has expired, once for all who ask, and asks again', async () => {
    holds = 'nobody';
    const answers = await Promise.all([client.ask('{ ok }'), client.ask('{ ok }'), client.ask('{ ok }')]);
    expect(answers).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    const refreshes = asked.filter(({ query }) => query.includes('refreshSession'));
    expect(refreshes.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(client.accessToken).toBe('access-2');
  });

  it('says why there is no other token', async () => {
    holds = 'nobody';
    await client.ask('{ ok }');
    holds = 'nobody';
    await expect(client.ask('{ ok }')).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  });

  it('has nothing to exchange for a token that it was given', async () => {
    const given = new GraphClient(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/graphql`, 'old');
    await expect(given.ask('{ ok }')).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });
});
