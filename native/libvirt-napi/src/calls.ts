import type { NativeConnection } from './addon.js';
import type { Duplex } from 'node:stream';
import { type KnownCode, LibvirtError } from './errors.js';

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
  hold(stream: Duplex): void {
    if (this.#closed) stream.destroy();
    this.#held.add(stream);
    stream.once('close', () => this.#held.delete(stream));
  }

  /** What a call that its signal gave up rejects with. */
  cancelled(signal: AbortSignal): LibvirtError {
    return cancelled(signal);
  }

  /** Makes a call; every failure is a rejection with a {@link LibvirtError}. */
  run<T>(options: CallOptions | undefined, call: NativeCall<T>): Promise<T> {
    if (this.#closed) return Promise.reject(refusal('CLOSED', 'the connection is closed'));
    const timeoutMs = options?.timeoutMs;
    const limit = timeoutMs === undefined ? 0 : Math.min(Math.max(Math.ceil(timeoutMs), 1), LONGEST_TIMEOUT_MS);
    try {
      return options?.signal === undefined
        ? call(this.#native, limit, 0)
        : this.#abortable(options.signal, limit, call);
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
      if (LibvirtError.is(error, 'CANCELLED')) throw cancelled(signal, error);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

function cancelled(signal: AbortSignal, error?: LibvirtError): LibvirtError {
  return refusal('CANCELLED', 'given up by the caller', {
    call: error?.call,
    object: error?.object,
    cause: signal.reason,
  });
}

function invalidArgument(cause: unknown): LibvirtError {
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
