import { can } from '@infinibay/access-domain';
import { DomainError, type Actor, type ErrorCode } from '@infinibay/contracts';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ActorResolver } from '@infinibay/platform-access';
import { warnSeldom, type Logger } from '@infinibay/platform-logging';
import { CLOCK_TOLERANCE_SECONDS } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { decodeJwt } from 'jose';
import { CONFIG, type RealtimeConfig } from '../config.js';
import { RealtimeMetrics } from '../metrics/realtime-metrics.js';
import { toDomainError } from './answers.js';
import { CatchUp } from './catch-up.js';
import type { RealtimeSocket } from './realtime-socket.js';
import { RecheckQueue } from './recheck-queue.js';
import { roomsOf, userRoom, vmRoom } from './rooms.js';
import { SessionGrace } from './session-grace.js';
import { SessionQuestions } from './session-questions.js';
import type { Session } from './session.js';
import { SocketHub } from './socket.hub.js';

/** As long as a connection with the token would be accepted: clocks differ. */
const TOLERANCE_MS = CLOCK_TOLERANCE_SECONDS * 1_000;
export const SWEEP_MS = 500;
/** With the answer's own time a disabled user is out within 5 s. */
export const RECHECK_MS = 3_000;
const RECHECKS_AT_ONCE = 64;

/**
 * Who may be connected, and in which rooms. Each session is looked at again every 3 s, later where there are more than
 * 384, and at once when the user's access changes. While the users service does not answer, sessions stay as they are for
 * SESSION_GRACE_SECONDS at most; then their connections end. While NATS is away nobody is told anything, and nobody ends;
 * when it is back all sessions are looked at before anybody is told what happened meanwhile.
 */
@Injectable()
export class SessionWatch implements BeforeApplicationShutdown {
  private readonly rechecks = new RecheckQueue(RECHECK_MS);
  private readonly grace: SessionGrace;
  private readonly afterAbsence: CatchUp;
  private running = 0;
  private knows = true;
  /** How often NATS went away. */
  private absences = 0;
  /** Connections with a session, or with one that is being looked at. */
  private readonly claimed = new WeakSet<RealtimeSocket['conn']>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: RealtimeConfig,
    private readonly hub: SocketHub,
    private readonly actors: ActorResolver,
    private readonly questions: SessionQuestions,
    private readonly metrics: RealtimeMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const graceMs = config.SESSION_GRACE_SECONDS * 1_000;
    this.grace = new SessionGrace(graceMs);
    this.afterAbsence = new CatchUp(graceMs);
  }

  /** Whether rooms are those of what users said lately; what somebody is told has to wait while they are not. */
  get knowsAudience(): boolean {
    return this.knows;
  }

  start(): void {
    void this.questions.followNats(
      () => {
        this.absences += 1;
        this.knows = false;
      },
      () => void this.catchUp(this.absences),
    );
    this.timer = setInterval(() => {
      this.sweep();
    }, SWEEP_MS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * Lets a new connection in or refuses it with the error's code.
   * @param untilReady rejects with why nobody can be let in yet
   */
  async authorise(socket: RealtimeSocket, untilReady: () => Promise<void>): Promise<void> {
    const isFirst = this.claim(socket);
    try {
      // A client that asks again before it is answered would hear everything twice.
      if (!isFirst) throw new DomainError('TOO_MANY_ATTEMPTS', { sessionsPerConnection: 1 });
      await untilReady();
      socket.data.session = await this.authenticate(socket.handshake.auth['token']);
      // Up to 16 kB that nobody needs again, for as long as the connection lasts.
      socket.handshake.auth = {};
      this.refuseUnconfirmed(socket.data.session);
      if (this.socketsIn(userRoom(socket.data.session.actor.userId)).length >= this.config.CONNECTIONS_PER_USER)
        throw new DomainError('TOO_MANY_ATTEMPTS', { connections: this.config.CONNECTIONS_PER_USER });
    } catch (error) {
      const refusal = toDomainError(error, this.logger);
      if (isFirst) {
        this.claimed.delete(socket.conn);
        this.hub.turnAway(socket.conn, refusal);
      }
      this.metrics.refused.inc({ code: refusal.code });
      // socket.io hands `data` to the client's connect_error.
      throw Object.assign(new Error(refusal.code), { data: refusal.toWire() });
    }
  }

  /** What is known of a session may bridge a longer absence of users than connections may: it would end at once. */
  private refuseUnconfirmed({ confirmedAt }: Session): void {
    this.grace.answered(confirmedAt);
    if (this.knows && this.grace.isOver && this.grace.isPast(confirmedAt)) throw new DomainError('SERVICE_UNAVAILABLE');
  }

  /** @returns whether nobody has its connection already */
  private claim({ conn }: RealtimeSocket): boolean {
    if (this.claimed.has(conn)) return false;
    this.claimed.add(conn);
    return true;
  }

  /** @throws DomainError why the token is not accepted. */
  private async authenticate(token: unknown): Promise<Session> {
    if (typeof token !== 'string') throw new DomainError('UNAUTHENTICATED');
    const actor = await this.actors.resolve(token);
    const confirmedAt = this.actors.confirmedAt(actor) ?? -Infinity;
    const expiresAt = (decodeJwt(token).exp ?? 0) * 1_000;
    return { actor, confirmedAt, inVainSince: undefined, expiresAt, watched: new Map() };
  }

  async admit(socket: RealtimeSocket): Promise<void> {
    const { actor, confirmedAt } = socket.data.session;
    this.metrics.connections.inc();
    this.hub.letIn(socket.conn);
    socket.on('disconnect', () => {
      this.metrics.connections.dec();
      this.claimed.delete(socket.conn);
    });
    this.rechecks.add(actor);
    await socket.join(roomsOf(actor));
    // Its user's access changed while it was let in, and nobody found it then; others may have asked again meanwhile.
    if (this.actors.confirmedAt(actor) !== confirmedAt) this.rechecks.hasten(actor);
    // Several may have been let in before the first of them was here to be counted.
    if (this.socketsIn(userRoom(actor.userId)).length > this.config.CONNECTIONS_PER_USER)
      this.end(socket, 'TOO_MANY_ATTEMPTS', 'refused');
  }

  /**
   * The time that a token gives, and no rights: those are the user's, and what a token's session was last answered may be
   * older than what is known here.
   * @throws DomainError TOKEN_INVALID for the token of another user, or why it is not accepted.
   */
  async refresh(socket: RealtimeSocket, token: string): Promise<number> {
    const { actor, expiresAt } = await this.authenticate(token);
    const { session } = socket.data;
    if (actor.userId !== session.actor.userId) throw new DomainError('TOKEN_INVALID');
    session.expiresAt = expiresAt;
    if (actor.sessionId !== session.actor.sessionId) {
      session.actor = { ...session.actor, sessionId: actor.sessionId };
      this.rechecks.hasten(session.actor);
    }
    return expiresAt;
  }

  /** Looks at all sessions of a user now, for their access has changed. */
  recheckUser(userId: string): void {
    this.actors.forget(userId);
    for (const actor of actorsOf(this.socketsIn(userRoom(userId)))) this.rechecks.hasten(actor);
    this.recheckDue();
  }

  /** Ends what watches a VM that its department has no more: it would count as watched for as long as the connection lasts. */
  forgetVm(departmentId: string, vmId: string): void {
    for (const socket of this.socketsIn(vmRoom(departmentId, vmId))) unwatch(socket, departmentId, vmId);
  }

  private sweep(): void {
    const now = Date.now();
    const alive = new Set<string>();
    if (this.knows && this.grace.isOver) this.endUnconfirmed(this.sockets());
    for (const socket of this.hub.io.sockets.sockets.values()) {
      const { session } = socket.data;
      if (session.expiresAt + TOLERANCE_MS <= now) this.end(socket, 'TOKEN_EXPIRED');
      else alive.add(session.actor.sessionId);
    }
    this.rechecks.keep((sessionId) => alive.has(sessionId));
    this.recheckDue();
  }

  private recheckDue(): void {
    for (const actor of this.rechecks.take(RECHECKS_AT_ONCE - this.running)) void this.recheck(actor);
  }

  /** Ends those of them whose access nobody has confirmed for longer than users may be away. */
  private endUnconfirmed(sockets: readonly RealtimeSocket[]): void {
    const past = sockets.filter(({ data }) => this.grace.isPast(data.session.confirmedAt));
    if (past.length > 0)
      warnSeldom(this.logger, 'connections were ended: users does not answer about their sessions', {
        connections: past.length,
      });
    for (const socket of past) this.end(socket, 'SERVICE_UNAVAILABLE');
  }

  /** One failure ends nobody: where there are many sessions, the last answer about this one may be old. */
  private doubt(socket: RealtimeSocket, askedAt: number): void {
    const { session } = socket.data;
    session.inVainSince ??= askedAt;
    if (this.knows && this.grace.isPast(session.inVainSince)) this.end(socket, 'SERVICE_UNAVAILABLE');
  }

  /**
   * Of the sessions that are not answered about when NATS is back only those stay that were confirmed within the grace.
   * @param absence after which; when NATS goes away once more, this leaves all to the next
   */
  private async catchUp(absence: number): Promise<void> {
    const since = performance.now();
    const unconfirmed = (): RealtimeSocket[] => this.sockets().filter(({ data }) => data.session.confirmedAt < since);
    // That nobody could be asked while NATS was away says nothing of users.
    for (const { data } of this.sockets()) data.session.inVainSince = undefined;
    try {
      await this.afterAbsence.run({
        left: () => actorsOf(unconfirmed()),
        ask: (actor) => this.recheck(actor),
        areWanted: () => absence === this.absences,
      });
      if (absence === this.absences) this.endUnconfirmed(unconfirmed());
    } finally {
      if (absence === this.absences) this.knows = true;
    }
  }

  private sockets(): RealtimeSocket[] {
    return [...this.hub.io.sockets.sockets.values()];
  }

  private socketsOf({ userId, sessionId }: Actor): RealtimeSocket[] {
    return this.socketsIn(userRoom(userId)).filter(({ data }) => data.session.actor.sessionId === sessionId);
  }

  /**
   * One question for all connections of a session.
   * @returns whether it was answered
   */
  private async recheck(asked: Actor): Promise<boolean> {
    const askedAt = performance.now();
    this.running += 1;
    try {
      const actor = await this.questions.ask(asked);
      this.grace.answered();
      this.rechecks.answered(asked, askedAt);
      for (const socket of this.socketsOf(asked)) {
        if (actor === null) this.end(socket, 'SESSION_ENDED');
        else this.apply(socket, actor, askedAt);
      }
      return true;
    } catch (error) {
      this.grace.failed();
      this.rechecks.failed(asked);
      warnSeldom(this.logger, 'a session could not be checked; retry follows', {
        err: error,
        userId: asked.userId,
      });
      for (const socket of this.socketsOf(asked)) this.doubt(socket, askedAt);
      return false;
    } finally {
      this.running -= 1;
    }
  }

  /** Brings a connection's rooms in line with what its user may do now. */
  private apply(socket: RealtimeSocket, actor: Actor, confirmedAt: number): void {
    const { session } = socket.data;
    // The answer to a later question was here first.
    if (confirmedAt < session.confirmedAt) return;
    session.confirmedAt = confirmedAt;
    session.inVainSince = undefined;
    const before = new Set(roomsOf(session.actor));
    const after = new Set(roomsOf(actor));
    session.actor = actor;
    for (const room of before) if (!after.has(room)) void socket.leave(room);
    const joined = [...after].filter((room) => !before.has(room));
    if (joined.length > 0) void socket.join(joined);
    for (const [vmId, departmentId] of session.watched) {
      if (!can(actor, 'read', { kind: 'vm', departmentId })) unwatch(socket, departmentId, vmId);
    }
  }

  /** @param countedAs refused for one that should not have been let in */
  private end(socket: RealtimeSocket, code: ErrorCode, countedAs: 'ended' | 'refused' = 'ended'): void {
    this.metrics[countedAs].inc({ code });
    for (const room of socket.rooms) void socket.leave(room);
    socket.emit('session:ended', { code, message: new DomainError(code).message });
    socket.disconnect(true);
  }

  private socketsIn(room: string): RealtimeSocket[] {
    const { adapter, sockets } = this.hub.io.sockets;
    return [...(adapter.rooms.get(room) ?? [])].map((id) => sockets.get(id)).filter((socket) => socket !== undefined);
  }
}

const unwatch = (socket: RealtimeSocket, departmentId: string, vmId: string): void => {
  socket.data.session.watched.delete(vmId);
  void socket.leave(vmRoom(departmentId, vmId));
  socket.emit('vm:unsubscribed', { vmId, code: 'VM_NOT_FOUND' });
};

/** One for each session. */
const actorsOf = (sockets: readonly RealtimeSocket[]): Actor[] => [
  ...new Map(sockets.map(({ data }) => [data.session.actor.sessionId, data.session.actor])).values(),
];
