import { setTimeout as delay } from 'node:timers/promises';
import {
  DomainError,
  RequestEnvelope,
  requestSubject,
  type ReplyEnvelope,
  type RequestContract,
} from '@infinibay/contracts';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { runInContext, warnSeldom, type Logger } from '@infinibay/platform-logging';
import { databaseFailure } from '@infinibay/platform-persistence';
import type { Histogram } from 'prom-client';
import type { RequestMeta } from './handlers.js';
import { PeerClocks, type Arrival } from './peer-clocks.js';

/** What the server has sent already arrives within this time. */
const LAST_REQUESTS_MS = 500;

export type RequestHandler = (data: never, meta: RequestMeta) => Promise<unknown>;

/** Answers commands and queries; all instances of a service share the work by queue group. */
export class RequestServer {
  private readonly running = new Set<Promise<void>>();
  private readonly subscriptions: Subscription[] = [];
  /** By what was asked, to the letter: the same request again means the same work and not another. */
  private readonly underWay = new Map<string, Promise<ReplyEnvelope>>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly service: string,
    private readonly logger: Logger,
    private readonly durations: Histogram<'name' | 'outcome'>,
    private readonly clocks = new PeerClocks(service),
  ) {}

  /** @param hostId the host that this process speaks for; only the hypervisor-agent has one. */
  serve(contract: RequestContract, handler: RequestHandler, hostId?: string): void {
    const subscription = this.connection.subscribe(requestSubject(contract, hostId), {
      queue: hostId === undefined ? this.service : `${this.service}-${hostId}`,
      callback: (error, message) => {
        if (error !== null) {
          this.logger.error({ err: error, request: contract.name }, 'subscription failed');
          return;
        }
        const work = this.answer(contract, handler, message).finally(() => this.running.delete(work));
        this.running.add(work);
      },
    });
    this.subscriptions.push(subscription);
  }

  /** Takes no more requests and resolves when every one that was taken has been answered. */
  async drain(): Promise<void> {
    const ended = this.subscriptions.splice(0).map((subscription) => subscription.drain());
    // A server that is away confirms nothing, and sends nothing either.
    await Promise.race([Promise.allSettled(ended), delay(LAST_REQUESTS_MS, undefined, { ref: false })]);
    while (this.running.size > 0) await Promise.allSettled([...this.running]);
  }

  private async answer(contract: RequestContract, handler: RequestHandler, message: Msg): Promise<void> {
    const stop = this.durations.startTimer({ name: contract.name });
    const reply = await this.handleOnce(contract, handler, message);
    stop({ outcome: reply.ok ? 'ok' : reply.error.code });
    message.respond(JSON.stringify(reply), { headers: this.clocks.stamp() });
  }

  /** A request that comes again while its first delivery is under way gets the answer of that. */
  private handleOnce(contract: RequestContract, handler: RequestHandler, message: Msg): Promise<ReplyEnvelope> {
    const arrival = this.clocks.arrived(message.headers);
    const key = `${contract.name} ${message.string()}`;
    const known = this.underWay.get(key);
    if (known !== undefined) return known;
    const work = this.handle(contract, handler, message, arrival).finally(() => this.underWay.delete(key));
    this.underWay.set(key, work);
    return work;
  }

  private async handle(
    contract: RequestContract,
    handler: RequestHandler,
    message: Msg,
    arrival: Arrival,
  ): Promise<ReplyEnvelope> {
    try {
      const envelope = parseEnvelope(message);
      const deadline = this.deadlineOf(envelope, arrival);
      const answer = (): Promise<ReplyEnvelope> => this.run(contract, handler, { ...envelope, deadline });
      const context = { correlationId: envelope.correlationId, causationId: envelope.id, actor: envelope.actor };
      // A command is finished even if late: whoever sent it looks again and finds it done.
      if (contract.type === 'command') return await runInContext(context, answer);
      return await withSignal(deadline - this.clocks.now(), (signal) => runInContext({ ...context, signal }, answer));
    } catch (error) {
      return this.failure(contract, error);
    }
  }

  private async run(
    contract: RequestContract,
    handler: RequestHandler,
    envelope: RequestEnvelope,
  ): Promise<ReplyEnvelope> {
    try {
      if (envelope.name !== contract.name || envelope.version !== contract.version) {
        throw new DomainError('INVALID_INPUT', {
          expected: `${contract.name}@${contract.version}`,
          got: `${envelope.name}@${envelope.version}`,
        });
      }
      if (envelope.deadline < this.clocks.now()) throw new DomainError('DEADLINE_EXCEEDED', { request: contract.name });
      const request = contract.request.safeParse(envelope.data);
      if (!request.success) throw invalidInput(contract, request.error.issues);
      const data = await handler(request.data as never, { deadline: envelope.deadline });
      return { ok: true, data: contract.reply.parse(data) };
    } catch (error) {
      return this.failure(contract, error);
    }
  }

  /** Until when the caller waits, on our clock. A caller of an older version says it on its own clock only. */
  private deadlineOf(envelope: RequestEnvelope, { timeoutMs, lateMs }: Arrival): number {
    return timeoutMs === undefined ? envelope.deadline : this.clocks.now() + timeoutMs - lateMs;
  }

  private failure(contract: RequestContract, error: unknown): ReplyEnvelope {
    if (error instanceof DomainError && error.kind !== 'internal') {
      this.logger.info(
        { request: contract.name, code: error.code, details: error.details, cause: error.cause },
        'request refused',
      );
      return { ok: false, error: error.toWire() };
    }
    const unavailable = databaseFailure(error);
    if (unavailable !== undefined) {
      warnSeldom(this.logger, 'PostgreSQL does not answer', { request: contract.name, err: error });
      return { ok: false, error: unavailable.toWire() };
    }
    this.logger.error({ request: contract.name, err: error }, 'request failed');
    // What went wrong inside stays in the log.
    return { ok: false, error: new DomainError('INTERNAL', { request: contract.name }).toWire() };
  }
}

/** A query that nobody waits for any more begins nothing and leaves no statement running. */
const withSignal = async <T>(remainingMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const timer = setTimeout(
    () => {
      controller.abort(new DomainError('DEADLINE_EXCEEDED'));
    },
    Math.max(0, remainingMs),
  );
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
};

const parseEnvelope = (message: Msg): RequestEnvelope => {
  const parsed = RequestEnvelope.safeParse(readJson(message));
  if (!parsed.success) throw new DomainError('INVALID_INPUT', { reason: 'not a request envelope' });
  return parsed.data;
};

const readJson = (message: Msg): unknown => {
  try {
    return message.json();
  } catch {
    return undefined;
  }
};

const invalidInput = (
  contract: RequestContract,
  issues: readonly { path: PropertyKey[]; message: string }[],
): DomainError =>
  new DomainError('INVALID_INPUT', {
    request: contract.name,
    issues: issues.slice(0, 20).map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  });
