import { UseFilters } from '@nestjs/common';
import type {
  EventContract,
  EventDataOf,
  EventEnvelope,
  ReplyInputOf,
  ReportContract,
  ReportDataOf,
  RequestContract,
  RequestOf,
} from '@infinibay/contracts';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { MessageErrorFilter } from './message-error.filter.js';

/** What a handler is bound to: the transport finds it in the `extras` of Nest's pattern. */
export type HandlerBinding =
  | { readonly kind: 'request'; readonly contract: RequestContract }
  | { readonly kind: 'event'; readonly contract: EventContract; readonly consumer: string }
  | { readonly kind: 'report'; readonly contract: ReportContract };

/** What a handler may know of the message besides its data. */
export interface RequestMeta {
  /** Epoch milliseconds of this process's clock after which the caller no longer waits. */
  readonly deadline: number;
}

/** Generic in the method, so that it may take fewer parameters and return a narrower type. */
type MethodOf<Args extends unknown[], Result> = <M extends (...args: Args) => Promise<Result>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** Nest's pattern, its two parameters, and errors that arrive at the transport as they were thrown. */
const bind =
  (binding: HandlerBinding): MethodDecorator =>
  (target, key, descriptor) => {
    const route = binding.kind === 'request' ? MessagePattern : EventPattern;
    route(patternOf(binding), { binding })(target, key, descriptor);
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    UseFilters(MessageErrorFilter)(target, key, descriptor);
  };

/** Of one handler: two consumers of one event are two handlers, that Nest must not join. */
const patternOf = (binding: HandlerBinding): string => {
  const { name, version } = binding.contract;
  return [binding.kind, `${name}@${version}`, ...(binding.kind === 'event' ? [binding.consumer] : [])].join(':');
};

/** The method answers this command or query. Thrown DomainErrors reach the caller with their code. */
export const HandlesRequest =
  <C extends RequestContract>(contract: C): MethodOf<[RequestOf<C>, RequestMeta], ReplyInputOf<C>> =>
  (target, key, descriptor) => {
    bind({ kind: 'request', contract })(target, key, descriptor);
  };

/**
 * The method receives this event at least once, as a rule in the stream's order. No handler may rely on that: an event
 * whose handler threw comes again after a pause while later ones are handled, and several instances share the consumer.
 * Duplicates are told by `event.id` with enterInbox(), what is outdated by what the event itself carries.
 * @param consumer name of the durable consumer: one per service and purpose; all instances share it.
 */
export const HandlesEvent =
  <C extends EventContract>(contract: C, consumer: string): MethodOf<[EventEnvelope<EventDataOf<C>>], void> =>
  (target, key, descriptor) => {
    bind({ kind: 'event', contract, consumer })(target, key, descriptor);
  };

/** The method receives this report; one instance of the service gets each. Reports may be lost. */
export const HandlesReport =
  <C extends ReportContract>(contract: C): MethodOf<[ReportDataOf<C>], void> =>
  (target, key, descriptor) => {
    bind({ kind: 'report', contract })(target, key, descriptor);
  };
