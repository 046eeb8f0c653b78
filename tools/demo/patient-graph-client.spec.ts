import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PatientGraphClient } from './patient-graph-client.ts';

/** What the server does with the next requests, in turn: hangs up, refuses with a code, or answers. */
type Turn = 'hangs up' | 'answers' | { readonly code: string };

describe('a patient GraphQL client', () => {
  let server: Server;
  let client: PatientGraphClient;
  let turns: Turn[];
  let asked: unknown[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        asked.push((JSON.parse(Buffer.concat(chunks).toString()) as { variables: unknown }).variables);
        const turn = turns.shift() ?? 'answers';
        if (turn === 'hangs up') response.destroy();
        else if (turn === 'answers') response.end(JSON.stringify({ data: { ok: true } }));
        else response.end(JSON.stringify({ errors: [{ message: 'no', extensions: turn }] }));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new PatientGraphClient(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/graphql`);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each<[string, Turn]>([
    ['a service did not answer in time', { code: 'DEADLINE_EXCEEDED' }],
    ['a service is away', { code: 'SERVICE_UNAVAILABLE' }],
    ['the connection broke', 'hangs up'],
  ])('asks again with the same key where %s', async (_, turn) => {
    turns = [turn];
    const variables = { input: { idempotencyKey: 'one' } };
    expect(await client.ask('mutation', variables)).toEqual({ ok: true });
    expect(asked).toEqual([variables, variables]);
  });

  it.each(['VM_NOT_FOUND', 'HOST_UNAVAILABLE', 'RATE_LIMITED'])('tells of %s at once', async (code) => {
    turns = [{ code }];
    await expect(client.ask('mutation', {})).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });
});
