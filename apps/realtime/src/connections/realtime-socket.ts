import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { ClientToServer, ServerToClient } from '../protocol.js';
import type { Session } from './session.js';

export type RealtimeServer = Server<ClientToServer, ServerToClient, DefaultEventsMap, { session: Session }>;
export type RealtimeSocket = Socket<ClientToServer, ServerToClient, DefaultEventsMap, { session: Session }>;
