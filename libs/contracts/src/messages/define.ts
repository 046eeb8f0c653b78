import type { z } from 'zod';
import type { ServiceName } from './services.js';

/** A fact that other services and teams may rely on; published versions never change. */
export interface EventContract<TData extends z.ZodType = z.ZodType> {
  readonly type: 'event';
  readonly name: `${string}.${string}`;
  readonly version: number;
  readonly description: string;
  readonly producer: ServiceName;
  readonly data: TData;
  readonly example: z.input<TData>;
}

/** A command (changes something, idempotent) or a query (changes nothing), answered by one owner. */
export interface RequestContract<TRequest extends z.ZodType = z.ZodType, TReply extends z.ZodType = z.ZodType> {
  readonly type: 'command' | 'query';
  readonly name: `${string}.${string}`;
  readonly version: number;
  readonly description: string;
  readonly owner: ServiceName;
  readonly callers: readonly ServiceName[];
  /** How long a caller waits when it names no deadline of its own. */
  readonly timeoutMs: number;
  readonly request: TRequest;
  readonly reply: TReply;
  readonly example: { readonly request: z.input<TRequest>; readonly reply: z.input<TReply> };
}

/** A lossy, unacknowledged message on core NATS: the next one replaces it. */
export interface ReportContract<TData extends z.ZodType = z.ZodType> {
  readonly type: 'report';
  readonly name: `${string}.${string}`;
  readonly version: number;
  readonly description: string;
  readonly producer: ServiceName;
  readonly consumers: readonly ServiceName[];
  readonly data: TData;
  readonly example: z.input<TData>;
}

export type AnyContract = EventContract | RequestContract | ReportContract;

export const defineEvent = <TData extends z.ZodType>(
  contract: Omit<EventContract<TData>, 'type'>,
): EventContract<TData> => ({ type: 'event', ...contract });

export const defineCommand = <TRequest extends z.ZodType, TReply extends z.ZodType>(
  contract: Omit<RequestContract<TRequest, TReply>, 'type'>,
): RequestContract<TRequest, TReply> => ({ type: 'command', ...contract });

export const defineQuery = <TRequest extends z.ZodType, TReply extends z.ZodType>(
  contract: Omit<RequestContract<TRequest, TReply>, 'type'>,
): RequestContract<TRequest, TReply> => ({ type: 'query', ...contract });

export const defineReport = <TData extends z.ZodType>(
  contract: Omit<ReportContract<TData>, 'type'>,
): ReportContract<TData> => ({ type: 'report', ...contract });

export type EventDataOf<C extends EventContract> = z.output<C['data']>;
export type RequestOf<C extends RequestContract> = z.output<C['request']>;
export type RequestInputOf<C extends RequestContract> = z.input<C['request']>;
export type ReplyOf<C extends RequestContract> = z.output<C['reply']>;
export type ReplyInputOf<C extends RequestContract> = z.input<C['reply']>;
export type ReportDataOf<C extends ReportContract> = z.output<C['data']>;
export type ReportInputOf<C extends ReportContract> = z.input<C['data']>;
