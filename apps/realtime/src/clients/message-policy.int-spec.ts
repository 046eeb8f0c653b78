import { randomUUID } from 'node:crypto';
import type { ActorRole } from '@infinibay/contracts';
import { Authorize, Public } from '@infinibay/platform-access';
import { createLogger } from '@infinibay/platform-logging';
import { pollUntil, testNats } from '@infinibay/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { RealtimeSocket } from '../connections/realtime-socket.js';
import type { ClientToServer } from '../protocol.js';
import { TestClient } from '../testing/client.js';
import { OtherServices } from '../testing/other-services.js';
import { healthUrl, startRealtime } from '../testing/running-realtime.js';
import { ClientMessage } from './client-message.js';

const named = (name: string): keyof ClientToServer => name as keyof ClientToServer;
const Anything = z.object({ word: z.string().max(10) });

/** Messages as somebody may add them, with each kind of policy. */
@WebSocketGateway()
class MessagesOfTheSpec {
  @Authorize({ role: 'ADMIN' })
  @ClientMessage(named('spec:admin'), Anything)
  forAdmins(_socket: RealtimeSocket, { word }: z.output<typeof Anything>): { readonly word: string } {
    return { word };
  }

  @Authorize()
  @ClientMessage(named('spec:anybody'), Anything)
  forAnybody(socket: RealtimeSocket): { readonly userId: string } {
    return { userId: socket.data.session.actor.userId };
  }
}

@WebSocketGateway()
class PublicMessage {
  @Public()
  @ClientMessage(named('spec:public'), Anything)
  forAll(): { readonly open: boolean } {
    return { open: true };
  }
}

describe('the policy of socket messages', () => {
  const logger = createLogger({ service: 'realtime', level: 'fatal', format: 'json' });
  const clients: TestClient[] = [];
  let nats: NatsConnection;
  let others: OtherServices;
  let app: INestApplication;

  beforeAll(async () => {
    const server = testNats();
    nats = await connect({ servers: server.url, user: server.user, pass: server.password });
    others = await OtherServices.serve(nats, logger);
    app = await startRealtime(logger, {}, { gateways: [MessagesOfTheSpec, PublicMessage] });
    await pollUntil(async () => (await fetch(`${healthUrl(app)}/health/ready`)).ok, { what: 'readiness' });
  });
  afterAll(async () => {
    for (const { socket } of clients) socket.close();
    await app.close();
    await nats.close();
  });

  const join = async (role: ActorRole): Promise<TestClient> => {
    const actor = { userId: randomUUID(), sessionId: randomUUID(), role, departmentIds: [] };
    others.sessions.set(actor.sessionId, actor);
    const token = await others.token(actor);
    const client = await TestClient.connect(await app.getUrl(), { token });
    clients.push(client);
    return client;
  };

  it('lets in whom the method names, and answers the others FORBIDDEN', async () => {
    const [admin, member] = [await join('ADMIN'), await join('USER')];
    const payload = { word: 'x' };
    expect(await admin.sendAnything('spec:admin', payload)).toEqual({ ok: true, word: 'x' });
    expect(await member.sendAnything('spec:admin', payload)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
    expect(await member.sendAnything('spec:anybody', payload)).toEqual({ ok: true, userId: member.session.userId });
    expect(await member.sendAnything('spec:public', payload)).toEqual({ ok: true, open: true });
  });

  it('is asked before the input: a stranger learns nothing of what would be valid', async () => {
    const member = await join('USER');
    const answers = await Promise.all(
      [{ word: 5 }, {}, null, 'x'.repeat(100)].map((payload) => member.sendAnything('spec:admin', payload)),
    );
    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.error.code))).toEqual(Array(4).fill('FORBIDDEN'));
    expect(await member.sendAnything('spec:anybody', { word: 5 })).toMatchObject({ error: { code: 'INVALID_INPUT' } });
  });
});
