import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { request as requestPlainly, type IncomingMessage } from 'node:http';
import { request as requestSafely } from 'node:https';
import type { LookupFunction } from 'node:net';
import { DomainError } from '@infinibay/contracts';
import type { AddressPolicy } from './source-policy.js';

/** Nothing may come for so long; then it is tried again, over a few minutes. */
export const SOURCE_IDLE_MS = 30_000;
const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Beside what 5xx says: what passes. */
const PASSING: readonly number[] = [408, 425, 429];
const CONTENT_RANGE = /^bytes (\d+)-\d+\/(?:\d+|\*)$/;
const TOTAL_OF_RANGE = /\/(\d+)$/;

/** All addresses that a name has now. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** What a server sends, from an offset on. */
export interface OpenedImage {
  readonly body: IncomingMessage;
  /** 0 although more was asked for: the server sends all of it. */
  readonly offset: number;
  /** Bytes of the whole; null: the server does not say. */
  readonly totalBytes: number | null;
}

/** The server has nothing from the offset on: what is here is not the beginning of what is there. */
export class RangeRefused extends Error {
  override readonly name = 'RangeRefused';
}

const resolveByHost: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Opens what a user has named. Each address is looked at before anybody connects to it, also after a redirect, and the
 * connection is made to the addresses that were looked at: a name that is another one's a moment later changes nothing.
 */
export class ImageSource {
  constructor(
    private readonly policy: AddressPolicy,
    private readonly idleMs: number,
    private readonly resolve: Resolve = resolveByHost,
  ) {}

  /**
   * @param offset of the first byte that is wanted
   * @throws DomainError IMAGE_SOURCE_REFUSED, IMAGE_SOURCE_UNAVAILABLE; RangeRefused; anything else may pass
   */
  async open(url: string, offset: number, signal: AbortSignal): Promise<OpenedImage> {
    let target = new URL(url);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const response = await this.request(target, offset, signal);
      const opened = endingOn(response, () => redirectOf(response, target) ?? openedFrom(response, offset));
      if (!(opened instanceof URL)) return opened;
      response.destroy();
      target = opened;
    }
    throw new DomainError('IMAGE_SOURCE_UNAVAILABLE', { reason: `it redirects more than ${MAX_REDIRECTS} times` });
  }

  /**
   * The same from a server that is known, by what it has given a right to: nobody is led elsewhere with that.
   * @throws as open does; DomainError IMAGE_SOURCE_UNAVAILABLE for a redirect too
   */
  async openDirectly(
    url: string,
    offset: number,
    signal: AbortSignal,
    own: Readonly<Record<string, string>>,
  ): Promise<OpenedImage> {
    const response = await this.request(new URL(url), offset, signal, own);
    return endingOn(response, () => openedFrom(response, offset));
  }

  private async request(
    target: URL,
    offset: number,
    signal: AbortSignal,
    own: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const addresses = await this.permitted(target);
    const range = offset === 0 ? {} : { range: `bytes=${offset}-` };
    const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'infinibay', ...range, ...own };
    const options = { headers, signal, agent: false, timeout: this.idleMs, lookup: pinnedTo(addresses) } as const;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const isSafe = target.protocol === 'https:';
      const request = isSafe ? requestSafely(target, options, resolve) : requestPlainly(target, options, resolve);
      request.on('timeout', () => request.destroy(new Error(`nothing came for ${this.idleMs} ms`)));
      request.on('error', reject);
      // One that changes to another protocol ends without an error: nobody is to wait for it for ever.
      request.on('close', () => reject(new Error('the connection ended without an answer')));
      request.end();
    });
  }

  /** Of several addresses each must be permitted: which one is used is not ours to say. */
  private async permitted({ protocol, hostname, username, password }: URL): Promise<readonly LookupAddress[]> {
    const isPlain = (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
    // An address in the place of a name: IPv6 has brackets there.
    const name = hostname.replace(/^\[(.*)\]$/, '$1');
    if (!isPlain || !this.policy.permitsHost(name)) throw new DomainError('IMAGE_SOURCE_REFUSED');
    const addresses = await this.resolve(name);
    if (addresses.length === 0) throw new Error('the name has no address');
    if (!addresses.every(({ address }) => this.policy.permitsAddress(address)))
      throw new DomainError('IMAGE_SOURCE_REFUSED');
    return addresses;
  }
}

const pinnedTo =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true || first === undefined) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };

const redirectOf = ({ statusCode = 0, headers: { location } }: IncomingMessage, from: URL): URL | undefined => {
  if (!REDIRECTS.includes(statusCode)) return undefined;
  if (location === undefined || !URL.canParse(location, from.href))
    throw new DomainError('IMAGE_SOURCE_UNAVAILABLE', { reason: 'it redirects to nowhere' });
  return new URL(location, from);
};

/** What is refused of a response ends it: its server may go on sending. */
const endingOn = <T>(response: IncomingMessage, look: () => T): T => {
  try {
    return look();
  } catch (error) {
    response.destroy();
    throw error;
  }
};

const openedFrom = (body: IncomingMessage, offset: number): OpenedImage => {
  const { statusCode = 0, headers } = body;
  const { 'content-encoding': encoding = 'identity', 'content-length': length, 'content-range': range = '' } = headers;
  if (statusCode === 416) throw new RangeRefused();
  if (statusCode >= 500 || PASSING.includes(statusCode)) throw new Error(`the server answers ${statusCode}`);
  if (statusCode !== 200 && statusCode !== 206)
    throw new DomainError('IMAGE_SOURCE_UNAVAILABLE', { reason: `the server answers ${statusCode}` });
  if (encoding !== 'identity')
    throw new DomainError('IMAGE_SOURCE_UNAVAILABLE', { reason: 'it sends what is encoded' });
  if (statusCode === 200) return { body, offset: 0, totalBytes: length === undefined ? null : Number(length) };
  // Another part than the one that was asked for is of no use.
  if (Number(CONTENT_RANGE.exec(range)?.[1]) !== offset) throw new RangeRefused();
  const total = TOTAL_OF_RANGE.exec(range)?.[1];
  return { body, offset, totalBytes: total === undefined ? null : Number(total) };
};
