import { randomUUID } from 'node:crypto';
import {
  DomainError,
  ReplyEnvelope,
  requestSubject,
  type ReplyOf,
  type RequestContract,
  type RequestEnvelope,
  type RequestInputOf,
} from '@infinibay/contracts';
import { NoRespondersError, RequestError, TimeoutError, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { currentContext } from '@infinibay/platform-logging';
import type { Histogram } from 'prom-client';
import { Link, LinkLost } from './link.js';
import { OwnerStarts } from './owner-starts.js';
import { PeerClocks } from './peer-clocks.js';
import { untilAnswered } from './until-answered.js';

export interface CallOptions {
  /** Required for contracts that the hypervisor-agent owns. */
  readonly hostId?: string;
  /** Milliseconds to wait for the answer; the contract's own when left out. */
  readonly timeoutMs?: number;
}

/** Told of each request that is sent again because its owner has begun to listen. */
export type ResendListener = (request: string, hostId: string | undefined) => void;

/** Sends commands and queries; both ends parse against the contract. */
export class RequestClient {
  private readonly link: Link;
  private readonly starts: OwnerStarts;

  constructor(
    private readonly connection: NatsConnection,
    private readonly durations: Histogram<'name' | 'outcome'>,
    private readonly clocks = new PeerClocks('client'),
    private readonly onResend: ResendListener = () => undefined,
  ) {
    this.link = new Link(connection);
    this.starts = new OwnerStarts(connection);
  }

  /**
   * Waits for a connection that is away. One that falls takes the answer with it: whether it was done is not known then.
   * What an owner lost that was away, or died of, is sent to it again when it is back, as long as the answer is awaited.
   * @throws DomainError what the owner answered; SERVICE_UNAVAILABLE or HOST_UNAVAILABLE when nobody listens, or NATS is away;
   *   DEADLINE_EXCEEDED when no answer came in time; INTERNAL when the answer does not fit the contract.
   */
  async call<C extends RequestContract>(
    contract: C,
    data: RequestInputOf<C>,
    options: CallOptions = {},
  ): Promise<ReplyOf<C>> {
    const stop = this.durations.startTimer({ name: contract.name });
    try {
      const reply = await this.exchange(contract, data, options);
      stop({ outcome: 'ok' });
      return reply;
    } catch (error) {
      stop({ outcome: error instanceof DomainError ? error.code : 'INTERNAL' });
      throw error;
    }
  }

  private async exchange<C extends RequestContract>(
    contract: C,
    data: RequestInputOf<C>,
    options: CallOptions,
  ): Promise<ReplyOf<C>> {
    const timeoutMs = await this.connected(contract, options.timeoutMs ?? contract.timeoutMs);
    const context = currentContext();
    const envelope: RequestEnvelope = {
      id: randomUUID(),
      name: contract.name,
      version: contract.version,
      correlationId: context.correlationId,
      deadline: Math.round(this.clocks.now() + timeoutMs),
      actor: context.actor,
      data,
    };
    const answer = await this.send(contract, options.hostId, JSON.stringify(envelope), timeoutMs);
    return parseReply(contract, answer);
  }

  /** @returns how much of the time is left when there is a connection */
  private async connected(contract: RequestContract, timeoutMs: number): Promise<number> {
    try {
      return await this.link.up(timeoutMs);
    } catch (error) {
      throw toDomainError(error, contract);
    }
  }

  private async send(
    contract: RequestContract,
    hostId: string | undefined,
    payload: string,
    timeoutMs: number,
  ): Promise<unknown> {
    const subject = requestSubject(contract, hostId);
    const ask = async (leftMs: number): Promise<Msg> =>
      this.connection.request(subject, payload, { timeout: leftMs, headers: this.clocks.stamp(leftMs) });
    const follow = (again: () => void): (() => void) => this.starts.follow(contract, hostId, again);
    const onAgain = (): void => {
      this.onResend(contract.name, hostId);
    };
    try {
      const message = await this.link.carry((signal) => untilAnswered({ ask, timeoutMs, follow, onAgain, signal }));
      this.clocks.arrived(message.headers);
      return message.json();
    } catch (error) {
      throw toDomainError(error, contract);
    }
  }
}

const parseReply = <C extends RequestContract>(contract: C, answer: unknown): ReplyOf<C> => {
  const envelope = ReplyEnvelope.safeParse(answer);
  if (!envelope.success) throw new DomainError('INTERNAL', { request: contract.name }, { cause: envelope.error });
  if (!envelope.data.ok) throw DomainError.fromWire(envelope.data.error);
  const reply = contract.reply.safeParse(envelope.data.data);
  if (!reply.success) throw new DomainError('INTERNAL', { request: contract.name }, { cause: reply.error });
  return reply.data as ReplyOf<C>;
};

const toDomainError = (error: unknown, contract: RequestContract): DomainError => {
  const details = { request: contract.name };
  if (error instanceof TimeoutError) return new DomainError('DEADLINE_EXCEEDED', details, { cause: error });
  const code = contract.owner === 'hypervisor-agent' ? 'HOST_UNAVAILABLE' : 'SERVICE_UNAVAILABLE';
  const reason = reasonOf(error);
  return new DomainError(code, reason === undefined ? details : { ...details, reason }, { cause: error });
};

const reasonOf = (error: unknown): string | undefined => {
  if (error instanceof LinkLost) return error.message;
  const nobody = error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
  return nobody ? 'no responders' : undefined;
};
