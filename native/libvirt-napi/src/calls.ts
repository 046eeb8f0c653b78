import type { NativeConnection } from './generated/addon.js';
import type { Duplex } from 'node:stream';
import { type KnownCode, LibvirtError } from './error.js';

/** What every call takes besides its arguments. */
export interface CallOptions {
  /** Deadline in ms, queueing included; the connection's `callTimeoutMs` when absent. Past it the call rejects with `TIMEOUT`. */
  readonly timeoutMs?: number | undefined;
  /** Gives the call up: it rejects with `CANCELLED`. What libvirt has begun runs on. */
  readonly signal?: AbortSignal | undefined;
}

type NativeCall<T> = (native: NativeConnection, timeoutMs: number, token: number) => Promise<T>;

const LONGEST_TIMEOUT_MS = 0xffff_ffff;

/** Makes native calls with deadline and abort. */
export class Caller {
  readonly #native: NativeConnection;
  #lastToken = 0;
  #closed = false;
  readonly #held = new Set<Duplex>();

  constructor(native: NativeConnection) {
    this.#native = native;
  }

  /** From now on every call rejects with `CLOSED`: the addon has nobody left to answer. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#held) stream.destroy();
  }

  /** Ends a stream with the connection, if it hasn't ended before. */
  hold<S extends Duplex>(stream: S): S {
    if (this.#closed) {
      stream.destroy();
      throw closed();
    }
    this.#held.add(stream);
    stream.once('close', () => this.#held.delete(stream));
    return stream;
  }

  /** Makes a call; every failure is a rejection with a {@link LibvirtError}. */
  run<T>(options: CallOptions | undefined, call: NativeCall<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closed());
    try {
      const limit = options?.timeoutMs === undefined ? 0 : deadline(options.timeoutMs);
      return options?.signal === undefined
        ? call(this.#native, limit, 0)
        : this.#abortable(checked(options.signal), limit, call);
    } catch (cause) {
      return Promise.reject(invalidArgument(cause));
    }
  }

  async #abortable<T>(signal: AbortSignal, timeoutMs: number, call: NativeCall<T>): Promise<T> {
    if (signal.aborted) throw cancelled(signal);
    this.#lastToken = this.#lastToken >= 0xffff_ffff ? 1 : this.#lastToken + 1;
    const token = this.#lastToken;
    const abort = (): void => this.#native.cancel(token);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await call(this.#native, timeoutMs, token);
    } catch (error) {
      throw LibvirtError.is(error, 'CANCELLED') ? cancelled(signal, error) : invalidArgument(error);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

/** Does what the addon can't give up: when aborted the promise rejects at once, and what comes too late is discarded. */
export async function abandonable<T>(
  signal: AbortSignal | undefined,
  begin: () => Promise<T>,
  discard: (late: T) => void,
): Promise<T> {
  if (signal === undefined) return begin();
  if (checked(signal).aborted) throw cancelled(signal);
  const begun = begin();
  let giveUp: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => {
      reject(cancelled(signal));
      begun.then(discard, () => undefined);
    };
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([begun, aborted]);
  } finally {
    if (giveUp !== undefined) signal.removeEventListener('abort', giveUp);
  }
}

/** A deadline as the addon takes it: whole ms, 1 at least. One past the longest (49 days) is the longest. */
export function deadline(timeoutMs: number): number {
  // Not a number would be no deadline at all.
  if (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs)) throw new TypeError('the deadline is not a number');
  return Math.min(Math.max(Math.ceil(timeoutMs), 1), LONGEST_TIMEOUT_MS);
}

/** By what it does: it may come from another realm, or from a library. */
function checked(signal: AbortSignal): AbortSignal {
  const parts = ['aborted', 'addEventListener', 'removeEventListener'];
  if (typeof signal === 'object' && parts.every((part) => part in signal)) return signal;
  throw invalidArgument(new TypeError('signal is no AbortSignal'));
}

function closed(): LibvirtError {
  return refusal('CLOSED', 'the connection is closed');
}

function cancelled(signal: AbortSignal, error?: LibvirtError): LibvirtError {
  return refusal('CANCELLED', 'given up by the caller', {
    call: error?.call,
    object: error?.object,
    cause: signal.reason,
  });
}

/** What an argument is refused with, unless that is known already. */
export function invalidArgument(cause: unknown): LibvirtError {
  if (LibvirtError.is(cause)) return cause;
  return refusal('INVALID_ARG', cause instanceof Error ? cause.message : 'an argument has a wrong type', { cause });
}

interface RefusalDetails {
  readonly call?: string | undefined;
  readonly object?: string | undefined;
  readonly cause?: unknown;
}

function refusal(code: KnownCode, message: string, details: RefusalDetails = {}): LibvirtError {
  const { call = 'none', object, cause } = details;
  return new LibvirtError({ code, domain: 'BINDING', level: 'error', message, call, object, cause });
}
