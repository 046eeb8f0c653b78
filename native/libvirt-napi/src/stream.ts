import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { NativeStream } from './generated/addon.js';
import { abandonable, type CallOptions, type Caller } from './calls.js';
import { LibvirtError } from './error.js';

/** Which console is opened. */
export interface ConsoleOptions extends CallOptions {
  /** The alias of a console, serial or parallel device; the first one when absent. */
  readonly device?: string;
  /** Take it from whoever has it; else `OPERATION_FAILED` says that somebody does. */
  readonly force?: boolean;
  /** Refuse when the driver can't keep two from having it. */
  readonly safe?: boolean;
}

/** Which channel is opened. */
export interface ChannelOptions extends CallOptions {
  /** Its alias or its target's name; the first one when absent. */
  readonly device?: string;
  readonly force?: boolean;
}

/**
 * A console or a channel of a running domain: bytes of both directions, read no faster than they are consumed and taken
 * no faster than the guest does. `end()` closes it when all is sent and taken, `destroy()` at once; but one that was ended
 * stays with a guest that takes nothing, until `force` takes it over. It ends with the domain. An error of libvirt
 * destroys it with a `LibvirtError`. It has a connection and a thread of its own, and ends with the `Connection` that it
 * was opened by.
 */
export class GuestStream extends Duplex {
  readonly #native: NativeStream;

  constructor(native: NativeStream) {
    super({ allowHalfOpen: false });
    this.#native = native;
  }

  override _read(): void {
    this.#ask((native) => native.read())
      .then((bytes) => this.push(bytes.length === 0 ? null : bytes))
      .catch((error: unknown) => this.destroy(error instanceof Error ? error : undefined));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    settle(
      this.#ask((native) => native.write(chunk)),
      done,
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    settle(
      this.#ask((native) => native.close(false)),
      done,
    );
  }

  override _destroy(cause: Error | null, done: (error?: Error | null) => void): void {
    // Nobody waits for the bytes of one that is given up.
    this.#ask((native) => native.close(true)).then(
      () => done(this.readableEnded || LibvirtError.is(cause, 'CLOSED') ? null : cause),
      () => done(cause),
    );
  }

  /** Rejects also where the addon throws, as it does when the connection has ended. */
  async #ask<T>(call: (native: NativeStream) => Promise<T>): Promise<T> {
    return call(this.#native);
  }
}

function settle(call: Promise<unknown>, done: (error?: Error | null) => void): void {
  call.then(() => {
    done();
  }, done);
}

/** Opens a console (`virDomainOpenConsole`). */
export function openConsole(calls: Caller, domain: string, options: ConsoleOptions): Promise<GuestStream> {
  const { device, force = false, safe = false } = options;
  return open(calls, domain, { channel: false, device, force, safe }, options);
}

/** Opens a channel (`virDomainOpenChannel`). */
export function openChannel(calls: Caller, domain: string, options: ChannelOptions): Promise<GuestStream> {
  const { device, force = false } = options;
  return open(calls, domain, { channel: true, device, force, safe: false }, options);
}

/** Connects to a screen (`virDomainOpenGraphicsFD`). */
export async function openGraphics(
  calls: Caller,
  domain: string,
  options: { readonly screen?: number; readonly skipAuth?: boolean } & CallOptions,
): Promise<Socket> {
  const { screen = 0, skipAuth = false } = options;
  const fd = await calls.run(options, (native, t, k) => native.openGraphics(domain, screen, skipAuth, t, k));
  return new Socket({ fd, readable: true, writable: true });
}

interface Target {
  readonly channel: boolean;
  readonly device: string | undefined;
  readonly force: boolean;
  readonly safe: boolean;
}

function open(calls: Caller, domain: string, target: Target, options: CallOptions): Promise<GuestStream> {
  const { signal, timeoutMs } = options;
  const opening = async (): Promise<GuestStream> => {
    const native = await calls.run({ timeoutMs }, (connection, limit) => connection.openStream(domain, target, limit));
    return calls.hold(new GuestStream(native));
  };
  return abandonable(signal, opening, (late) => late.destroy());
}
