import { EventEmitter } from 'node:events';

import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';

import { GraphClient } from '../../demo/graph-client.ts';
import type { AttackContext } from '../context.ts';
import { paced, type Attacker, type Load } from '../load.ts';

const SOCKETS = 10;
const PACE = { perSecond: 200, inFlight: 10_000 };

/** What engine.io keeps of a connection; only that it can stop reading is of interest. */
const WebSocketTransport = z.object({ ws: z.custom<{ pause(): void }>((value) => value instanceof EventEmitter) });

/** From now on nothing that the server sends is read: its answers pile up on its side. */
const stopReading = (socket: Socket): void => {
  WebSocketTransport.parse(socket.io.engine.transport).ws.pause();
};

/** Ten sockets of one user; those that were cut off come back. */
const sockets =
  (context: AttackContext, reading: boolean): Load =>
  async (signal, counts) => {
    const graph = new GraphClient(context.graphqlUrl);
    await graph.login(context.member.email, context.member.password);
    const open = Array.from({ length: SOCKETS }, () => {
      const socket = io(context.realtimeUrl, {
        auth: { token: graph.accessToken },
        transports: ['websocket'],
        forceNew: true,
        reconnectionDelay: 250,
        reconnectionDelayMax: 1_000,
      });
      if (!reading) {
        socket.on('connect', () => {
          stopReading(socket);
        });
      }
      return socket;
    });
    const load = paced(PACE, async (index) => {
      const socket = open[index % SOCKETS];
      if (socket?.connected !== true) return false;
      if (!reading) {
        socket.emit('resume', { afterSequence: 0 }, () => undefined);
        return true;
      }
      const answer = (await socket.timeout(10_000).emitWithAck('vm:subscribe', { vmId: context.ownVmId })) as {
        readonly ok: boolean;
      };
      return answer.ok;
    });
    await load(signal, counts);
    for (const socket of open) socket.disconnect();
  };

/** A browser that asks and does not read. */
export const socket = (context: AttackContext): Attacker => ({
  description: 'ten sockets that ask for all events again and again and read nothing',
  harmless: sockets(context, true),
  worst: sockets(context, false),
});
